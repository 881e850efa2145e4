using System.Globalization;

namespace Sotto.FakeSwarm.Wire;

/// <summary>
/// Reads bencoding front to back as a storage server does: a dict is asked for its keys in ascending order, and one that came too early is missed
/// for good.
/// </summary>
internal ref struct BencodeCursor(ReadOnlySpan<byte> bytes)
{
    private const int DepthMax = 32;
    private const int LengthDigitsMax = 10;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public readonly bool AtEnd => _at >= _bytes.Length;

    public readonly byte Next => AtEnd ? throw new FormatException("The data ends too soon.") : _bytes[_at];

    public void Expect(char what)
    {
        if (Next != what)
            throw new FormatException($"'{what}' was expected at {_at}.");
        _at++;
    }

    public bool TryEnd()
    {
        if (Next != 'e')
            return false;

        _at++;
        return true;
    }

    public ReadOnlySpan<byte> ReadString()
    {
        // A longer number cannot be a length that fits.
        var colon = _bytes.Slice(_at, Math.Min(LengthDigitsMax + 1, _bytes.Length - _at)).IndexOf((byte)':');
        if (colon < 1 || !int.TryParse(_bytes.Slice(_at, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var length))
            throw new FormatException($"A string was expected at {_at}.");

        var start = _at + colon + 1;
        if (length > _bytes.Length - start)
            throw new FormatException($"The string at {_at} is longer than the data.");

        _at = start + length;
        return _bytes.Slice(start, length);
    }

    public long ReadInteger()
    {
        Expect('i');
        var end = _bytes[_at..].IndexOf((byte)'e');
        var digits = end < 1 ? [] : _bytes.Slice(_at, end);
        if (!long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) || digits[0] == '+')
            throw new FormatException($"An integer was expected at {_at}.");

        _at += end + 1;
        return value;
    }

    /// <summary>Within a dict: passes all keys before the wanted one, and stands at its value if it is there.</summary>
    public bool TryFind(ReadOnlySpan<byte> key)
    {
        while (Next != 'e')
        {
            var before = _at;
            var order = ReadString().SequenceCompareTo(key);
            if (order == 0)
                return true;
            if (order > 0)
            {
                _at = before;
                return false;
            }

            Skip();
        }

        return false;
    }

    /// <summary>Passes one value of any kind, and so finds whether it is whole.</summary>
    public void Skip(int depth = 0)
    {
        if (depth > DepthMax)
            throw new FormatException("The data is nested too deep.");

        switch (Next)
        {
            case (byte)'i':
                _ = ReadInteger();
                break;
            case (byte)'l':
                _at++;
                while (!TryEnd())
                    Skip(depth + 1);
                break;
            case (byte)'d':
                _at++;
                while (!TryEnd())
                {
                    _ = ReadString();
                    Skip(depth + 1);
                }

                break;
            default:
                _ = ReadString();
                break;
        }
    }

    public ReadOnlySpan<byte> Take()
    {
        var start = _at;
        Skip();
        return _bytes[start.._at];
    }
}
