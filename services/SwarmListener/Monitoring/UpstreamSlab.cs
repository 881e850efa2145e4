namespace SwarmListener.Monitoring;

/// <summary>
/// Many <see cref="Upstream"/>s with their request texts, in two arrays: chains of entries, and one stretch of text that they point into.
/// </summary>
/// <remarks>Not thread-safe. About 32 bytes and the text (150 to 270 bytes) for each.</remarks>
internal sealed class UpstreamSlab
{
    /// <summary>The end of a chain.</summary>
    public const int None = -1;

    // Text of removed entries is reclaimed when it is half of all, and worth the work.
    private const int WasteBytesMin = 64 * 1024;

    private Entry[] _entries = [];
    private int _entriesUsed;
    private int _free = None;
    private byte[] _text = [];
    private int _textUsed;
    private int _textWasted;

    /// <summary>Bytes held, for measuring.</summary>
    public long Bytes => ((long)_entries.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<Entry>()) + _text.Length;

    /// <summary>The entry after this one in its chain.</summary>
    public int Next(int entry) => _entries[entry].Next;

    /// <summary>What the entry says.</summary>
    public Upstream this[int entry] => _entries[entry].Upstream;

    /// <summary>Its request text; valid until the next change.</summary>
    public ReadOnlySpan<byte> Text(int entry) => _text.AsSpan(_entries[entry].Offset, _entries[entry].Length);

    /// <summary>Adds an entry in front of the chain that begins with <paramref name="next"/>, and returns it.</summary>
    public int Add(Upstream upstream, ReadOnlySpan<byte> text, int next)
    {
        var entry = _free;
        if (entry != None)
            _free = _entries[entry].Next;
        else
            Capacity.Ensure(ref _entries, entry = _entriesUsed++);

        _entries[entry] = new Entry { Upstream = upstream, Next = next };
        SetText(ref _entries[entry], text);
        return entry;
    }

    /// <summary>Gives an entry another content, in its place.</summary>
    public void Replace(int entry, Upstream upstream, ReadOnlySpan<byte> text)
    {
        ref var replaced = ref _entries[entry];
        replaced.Upstream = upstream;
        _textWasted += replaced.Length;
        replaced.Length = 0;
        SetText(ref replaced, text);
        ReclaimText();
    }

    /// <summary>Removes an entry and returns the one after it; the caller mends the chain.</summary>
    public int Remove(int entry)
    {
        ref var removed = ref _entries[entry];
        var next = removed.Next;
        _textWasted += removed.Length;
        removed = new Entry { Next = _free, Offset = None };
        _free = entry;
        ReclaimText();
        return next;
    }

    /// <summary>Makes <paramref name="next"/> follow <paramref name="entry"/>.</summary>
    public void Link(int entry, int next) => _entries[entry].Next = next;

    /// <summary>Gives back memory held for growth, after a load.</summary>
    public void Trim()
    {
        Array.Resize(ref _entries, _entriesUsed);
        Array.Resize(ref _text, _textUsed);
    }

    private void SetText(ref Entry entry, ReadOnlySpan<byte> text)
    {
        Capacity.Ensure(ref _text, checked(_textUsed + text.Length));
        text.CopyTo(_text.AsSpan(_textUsed));
        (entry.Offset, entry.Length) = (_textUsed, text.Length);
        _textUsed += text.Length;
    }

    private void ReclaimText()
    {
        if (_textWasted < WasteBytesMin || _textWasted < _textUsed / 2)
            return;

        var kept = new byte[_textUsed - _textWasted];
        var used = 0;
        foreach (ref var entry in _entries.AsSpan(0, _entriesUsed))
        {
            if (entry.Offset == None)
                continue;
            _text.AsSpan(entry.Offset, entry.Length).CopyTo(kept.AsSpan(used));
            entry.Offset = used;
            used += entry.Length;
        }

        (_text, _textUsed, _textWasted) = (kept, used, 0);
    }

    private struct Entry
    {
        public Upstream Upstream;
        public int Next;
        public int Offset;
        public int Length;
    }
}

/// <summary>Growth of an array by a quarter: a million accounts lie in 256 of them, and half-empty ones would be most of the memory.</summary>
internal static class Capacity
{
    private const int ItemsMin = 16;

    /// <summary>Makes room for an item at <paramref name="index"/>.</summary>
    public static void Ensure<T>(ref T[] array, int index)
    {
        if (index < array.Length)
            return;
        var grown = Math.Max(index + 1L, array.Length + (array.Length / 4L) + ItemsMin);
        Array.Resize(ref array, (int)Math.Min(grown, Math.Max(Array.MaxLength, index + 1L)));
    }
}
