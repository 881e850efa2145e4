using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace Sotto.Bencode;

/// <summary>
/// Writes bencoding (oxenmq section 4) into an array that grows. Peers miss a key that stands out of order, so the writer refuses to write one:
/// keys must ascend strictly by their raw bytes. Not thread-safe; may be reused after <see cref="Clear"/>.
/// </summary>
public sealed class BencodeWriter
{
    // A 64-bit number in decimal with its sign, and the two letters around it.
    private const int IntegerSizeMax = 22;

    private readonly Level[] _levels = new Level[BencodeReader.DepthMax + 1];
    private byte[] _buffer;
    private int _depth;

    /// <summary>An empty writer.</summary>
    /// <param name="capacity">Bytes to set aside at first.</param>
    public BencodeWriter(int capacity = 256) => _buffer = new byte[Math.Max(capacity, IntegerSizeMax)];

    /// <summary>How many bytes have been written.</summary>
    public int Length { get; private set; }

    /// <summary>What has been written so far; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    /// <summary>A copy of what was written.</summary>
    /// <exception cref="InvalidOperationException">A list or dictionary is still open.</exception>
    public byte[] ToArray() => _depth == 0 ? Written.ToArray() : throw new InvalidOperationException("A list or dictionary is still open.");

    /// <summary>Forgets what was written and keeps the memory.</summary>
    public void Clear()
    {
        (Length, _depth) = (0, 0);
        _levels[0] = default;
    }

    /// <summary>Writes a byte string, as a value.</summary>
    /// <exception cref="InvalidOperationException">A key is due here.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        BeginValue();
        Append(bytes);
    }

    /// <summary>Writes an integer.</summary>
    /// <exception cref="InvalidOperationException">A key is due here.</exception>
    public void Write(long value)
    {
        BeginValue();
        var space = Reserve(IntegerSizeMax);
        space[0] = (byte)'i';
        Utf8Formatter.TryFormat(value, space[1..], out var digits);
        EndInteger(space, digits);
    }

    /// <summary>Writes an integer.</summary>
    /// <exception cref="InvalidOperationException">A key is due here.</exception>
    public void Write(ulong value)
    {
        BeginValue();
        var space = Reserve(IntegerSizeMax);
        space[0] = (byte)'i';
        Utf8Formatter.TryFormat(value, space[1..], out var digits);
        EndInteger(space, digits);
    }

    /// <summary>Writes a key of the innermost dictionary; its value must follow.</summary>
    /// <exception cref="InvalidOperationException">No key is due here, or it does not sort after the one before.</exception>
    public void Key(ReadOnlySpan<byte> key)
    {
        ref var level = ref _levels[_depth];
        if (!level.IsDictionary || level.ValueDue)
            throw new InvalidOperationException("No key is due here.");
        if (level.HasKey && key.SequenceCompareTo(_buffer.AsSpan(level.KeyStart, level.KeyLength)) <= 0)
            throw new InvalidOperationException("Keys must ascend by their raw bytes.");

        Append(key);
        level = new Level { IsDictionary = true, HasKey = true, ValueDue = true, KeyStart = Length - key.Length, KeyLength = key.Length };
    }

    /// <summary>Begins a list; <see cref="End"/> ends it.</summary>
    /// <exception cref="InvalidOperationException">A key is due here, or the nesting is too deep to be read again.</exception>
    public void StartList() => Start((byte)'l', isDictionary: false);

    /// <summary>Begins a dictionary; <see cref="End"/> ends it.</summary>
    /// <exception cref="InvalidOperationException">A key is due here, or the nesting is too deep to be read again.</exception>
    public void StartDictionary() => Start((byte)'d', isDictionary: true);

    /// <summary>Ends the innermost list or dictionary.</summary>
    /// <exception cref="InvalidOperationException">None is open, or a key has no value yet.</exception>
    public void End()
    {
        if (_depth == 0 || _levels[_depth].ValueDue)
            throw new InvalidOperationException(_depth == 0 ? "Nothing is open." : "The last key has no value.");

        _depth--;
        Reserve(1)[0] = (byte)'e';
        Length++;
    }

    private void Start(byte letter, bool isDictionary)
    {
        if (_depth == BencodeReader.DepthMax)
            throw new InvalidOperationException($"Nesting is limited to {BencodeReader.DepthMax}.");

        BeginValue();
        Reserve(1)[0] = letter;
        Length++;
        _levels[++_depth] = new Level { IsDictionary = isDictionary };
    }

    private void BeginValue()
    {
        ref var level = ref _levels[_depth];
        if (level.IsDictionary && !level.ValueDue)
            throw new InvalidOperationException("A key is due here.");
        if (_depth == 0 && Length > 0)
            throw new InvalidOperationException("The one value at the top is complete.");

        level.ValueDue = false;
    }

    private void EndInteger(Span<byte> space, int digits)
    {
        space[1 + digits] = (byte)'e';
        Length += digits + 2;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        var space = Reserve(IntegerSizeMax + bytes.Length);
        Utf8Formatter.TryFormat(bytes.Length, space, out var digits);
        space[digits] = (byte)':';
        bytes.CopyTo(space[(digits + 1)..]);
        Length += digits + 1 + bytes.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Reserve(int size)
    {
        if (_buffer.Length - Length < size)
            Array.Resize(ref _buffer, Math.Max(checked(Length + size), (int)Math.Min(2L * _buffer.Length, Array.MaxLength)));

        return _buffer.AsSpan(Length);
    }

    private struct Level
    {
        public bool IsDictionary;
        public bool HasKey;
        public bool ValueDue;
        public int KeyStart;
        public int KeyLength;
    }
}
