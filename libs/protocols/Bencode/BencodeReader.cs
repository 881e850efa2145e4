using System.Diagnostics.CodeAnalysis;

namespace Sotto.Bencode;

/// <summary>Reads bencoding (oxenmq section 4) forward, value by value, without allocating. Made for bytes from strangers.</summary>
/// <remarks>
/// <para>
/// The <c>Try</c> methods never throw: on false the reader stands where it stood, at <see cref="Offset"/>. Their twins without <c>Try</c> throw
/// <see cref="BencodeException"/> instead. Byte strings are slices of the input.
/// </para>
/// <para>
/// Taken as the network's own decoder takes them: <c>i-0e</c> and leading zeros in integers and lengths. Refused: an integer without digits or with
/// a plus sign, anything that overflows 64 bits, a string longer than the input, nesting deeper than <see cref="DepthMax"/>.
/// Keys may come unsorted or twice as far as the reader is concerned; <see cref="TrySeekKey"/> only moves forward.
/// Call <see cref="TryEndInput"/> when done: trailing bytes are an error.
/// </para>
/// </remarks>
public ref struct BencodeReader
{
    /// <summary>How deep lists and dictionaries may be nested in each other. The protocols need 3.</summary>
    public const int DepthMax = 32;

    private readonly ReadOnlySpan<byte> _input;
    private int _depth;

    /// <summary>A reader at the start of <paramref name="input"/>.</summary>
    public BencodeReader(ReadOnlySpan<byte> input) => _input = input;

    /// <summary>How many bytes have been read.</summary>
    public int Offset { get; private set; }

    /// <summary>What stands next. Says nothing about whether it can be read.</summary>
    public readonly BencodeKind Next => Offset == _input.Length ? BencodeKind.EndOfInput : _input[Offset] switch
    {
        (byte)'i' => BencodeKind.Number,
        (byte)'l' => BencodeKind.List,
        (byte)'d' => BencodeKind.Dictionary,
        (byte)'e' => BencodeKind.End,
        >= (byte)'0' and <= (byte)'9' => BencodeKind.ByteString,
        _ => BencodeKind.Malformed,
    };

    /// <summary>Reads a byte string.</summary>
    public bool TryReadBytes(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        var at = Offset;
        if (!TryReadDigits(ref at, (ulong)_input.Length, out var length) || at == _input.Length || _input[at] != (byte)':')
            return false;

        at++;
        if (length > (ulong)(_input.Length - at))
            return false;

        bytes = _input.Slice(at, (int)length);
        Offset = at + (int)length;
        return true;
    }

    /// <summary>Reads an integer from −2^63 to 2^63−1.</summary>
    public bool TryReadInt64(out long value)
    {
        value = 0;
        const ulong LowestMagnitude = 1UL << 63;
        if (!TryScanInteger(out var negative, out var magnitude, out var end) || magnitude > (negative ? LowestMagnitude : long.MaxValue))
            return false;

        value = negative ? unchecked(-(long)magnitude) : (long)magnitude;
        Offset = end;
        return true;
    }

    /// <summary>Reads an integer from 0 to 2^64−1.</summary>
    public bool TryReadUInt64(out ulong value)
    {
        if (!TryScanInteger(out var negative, out value, out var end) || (negative && value != 0))
            return false;

        Offset = end;
        return true;
    }

    /// <summary>Steps into a list. Its values follow, then <see cref="TryLeave"/>.</summary>
    public bool TryEnterList() => TryEnter(BencodeKind.List);

    /// <summary>Steps into a dictionary. Pairs of a byte string and a value follow, then <see cref="TryLeave"/>.</summary>
    public bool TryEnterDictionary() => TryEnter(BencodeKind.Dictionary);

    /// <summary>Steps out of the innermost list or dictionary, at whose end the reader must stand.</summary>
    public bool TryLeave()
    {
        if (_depth == 0 || Next != BencodeKind.End)
            return false;

        _depth--;
        Offset++;
        return true;
    }

    /// <summary>Steps out of the dictionary that is being read, passing over the pairs that are left of it. The reader must stand before a key or at the end.</summary>
    public bool TryLeaveDictionary()
    {
        while (Next != BencodeKind.End)
        {
            var before = Offset;
            if (!TryReadBytes(out _) || !TrySkip())
            {
                Offset = before;
                return false;
            }
        }

        return TryLeave();
    }

    /// <summary>
    /// Inside a dictionary and before a key: passes over the pairs whose keys sort before <paramref name="key"/>. True when that key was found and read, so that its
    /// value is next; false, before a later key or the end or something malformed, when it was not. A key that comes too early is hence missed, as
    /// it is by every peer.
    /// </summary>
    public bool TrySeekKey(ReadOnlySpan<byte> key)
    {
        while (true)
        {
            var before = Offset;
            if (!TryReadBytes(out var found))
                return false;

            var order = found.SequenceCompareTo(key);
            if (order == 0)
                return true;

            if (order > 0 || !TrySkip())
            {
                Offset = before;
                return false;
            }
        }
    }

    /// <summary>Passes over one value of any kind. Bounded by the input's length and <see cref="DepthMax"/>; no recursion.</summary>
    public bool TrySkip()
    {
        var (startOffset, startDepth) = (Offset, _depth);
        // One bit for each level: whether it is a dictionary, and whether a key is due there.
        ulong dictionaries = 0, keysDue = 0;
        do
        {
            var level = 1UL << _depth;
            var keyDue = _depth > startDepth && (dictionaries & keysDue & level) != 0;
            var kind = Next;
            var read = kind switch
            {
                BencodeKind.ByteString => TryReadBytes(out _),
                BencodeKind.Number when !keyDue => TrySkipInteger(),
                BencodeKind.List or BencodeKind.Dictionary when !keyDue => TryEnter(kind),
                BencodeKind.End when _depth > startDepth && (keyDue || (dictionaries & level) == 0) => TryLeave(),
                _ => false,
            };
            if (!read)
            {
                (Offset, _depth) = (startOffset, startDepth);
                return false;
            }

            if (kind is not BencodeKind.End)
                keysDue ^= level;
            if (kind is BencodeKind.List or BencodeKind.Dictionary)
            {
                var inner = 1UL << _depth;
                dictionaries = kind is BencodeKind.Dictionary ? dictionaries | inner : dictionaries & ~inner;
                keysDue |= inner;
            }
        }
        while (_depth > startDepth);

        return true;
    }

    /// <summary>True when every list and dictionary was left and nothing follows.</summary>
    public readonly bool TryEndInput() => _depth == 0 && Offset == _input.Length;

    /// <summary>Reads a byte string.</summary>
    /// <exception cref="BencodeException">There is none.</exception>
    public ReadOnlySpan<byte> ReadBytes()
    {
        if (!TryReadBytes(out var bytes))
            Fail();
        return bytes;
    }

    /// <summary>Reads an integer from −2^63 to 2^63−1.</summary>
    /// <exception cref="BencodeException">There is none.</exception>
    public long ReadInt64()
    {
        if (!TryReadInt64(out var value))
            Fail();
        return value;
    }

    /// <summary>Reads an integer from 0 to 2^64−1.</summary>
    /// <exception cref="BencodeException">There is none.</exception>
    public ulong ReadUInt64()
    {
        if (!TryReadUInt64(out var value))
            Fail();
        return value;
    }

    /// <summary>Steps into a list.</summary>
    /// <exception cref="BencodeException">There is none, or it is nested too deep.</exception>
    public void EnterList() => Require(TryEnterList());

    /// <summary>Steps into a dictionary.</summary>
    /// <exception cref="BencodeException">There is none, or it is nested too deep.</exception>
    public void EnterDictionary() => Require(TryEnterDictionary());

    /// <summary>Steps out of the innermost list or dictionary.</summary>
    /// <exception cref="BencodeException">The reader does not stand at its end.</exception>
    public void Leave() => Require(TryLeave());

    /// <summary>Passes over one value of any kind.</summary>
    /// <exception cref="BencodeException">It is malformed.</exception>
    public void Skip() => Require(TrySkip());

    /// <summary>Makes sure that the input ends here.</summary>
    /// <exception cref="BencodeException">Something follows, or is still open.</exception>
    public readonly void EndInput() => Require(TryEndInput());

    private bool TryEnter(BencodeKind kind)
    {
        if (Next != kind || _depth == DepthMax)
            return false;

        _depth++;
        Offset++;
        return true;
    }

    private bool TrySkipInteger()
    {
        if (!TryScanInteger(out var negative, out var magnitude, out var end) || (negative && magnitude > 1UL << 63))
            return false;

        Offset = end;
        return true;
    }

    private readonly bool TryScanInteger(out bool negative, out ulong magnitude, out int end)
    {
        (negative, magnitude, end) = (false, 0, Offset);
        if (Next != BencodeKind.Number)
            return false;

        end++;
        if (end < _input.Length && _input[end] == (byte)'-')
        {
            negative = true;
            end++;
        }

        if (!TryReadDigits(ref end, ulong.MaxValue, out magnitude) || end == _input.Length || _input[end] != (byte)'e')
            return false;

        end++;
        return true;
    }

    // One or more digits whose number is at most max.
    private readonly bool TryReadDigits(ref int at, ulong max, out ulong number)
    {
        var start = at;
        number = 0;
        while (at < _input.Length && _input[at] is >= (byte)'0' and <= (byte)'9')
        {
            var digit = (ulong)(_input[at] - (byte)'0');
            if (number > (max - digit) / 10)
                return false;

            number = number * 10 + digit;
            at++;
        }

        return at > start;
    }

    private readonly void Require(bool read)
    {
        if (!read)
            Fail();
    }

    [DoesNotReturn]
    private readonly void Fail() => throw new BencodeException(Offset);
}
