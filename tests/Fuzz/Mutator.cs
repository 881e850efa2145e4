using System.Globalization;
using System.Text;

namespace Fuzz;

/// <summary>Changes inputs as strangers and accidents do: bytes, stretches, numbers, lengths, words of the language, depth. Chance comes from a seed.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<string> words)
{
    private const int ChangesMax = 5;
    private const int DepthMax = 2_000;

    private static readonly byte[] Interesting = [0, 1, 9, 10, 13, 0x1e, (byte)' ', (byte)'"', (byte)'\\', (byte)'-', (byte)'0', (byte)'9', 0x7f, 0x80, 0xc0, 0xed, 0xf5, 0xff];

    private static readonly string[] Numbers =
    [
        "0", "-0", "-1", "1", "00", "01", "9", "127", "128", "255", "256", "32767", "32768", "-32768", "-32769", "65535", "65536", "2147483647", "2147483648", "-2147483648", "4294967295",
        "4294967296", "9007199254740993", "253402300799999", "253402300800000", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
        "18446744073709551616", "99999999999999999999999", "1e9", "1e999", "0.5", "-",
    ];

    /// <summary>Changes an input a few times.</summary>
    public byte[] Mutate(byte[] input, byte[] other)
    {
        List<byte> bytes = [.. input];
        for (var changes = random.Next(1, ChangesMax + 1); changes > 0; changes--)
            Change(bytes, other);
        if (bytes.Count > FuzzTarget.InputBytesMax)
            bytes.RemoveRange(FuzzTarget.InputBytesMax, bytes.Count - FuzzTarget.InputBytesMax);
        return [.. bytes];
    }

    private void Change(List<byte> bytes, byte[] other)
    {
        var at = random.Next(bytes.Count + 1);
        switch (random.Next(11))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = Interesting[random.Next(Interesting.Length)];
                break;
            case 2:
                bytes.Insert(at, Interesting[random.Next(Interesting.Length)]);
                break;
            case 3:
                bytes.RemoveRange(at, random.Next(Math.Min(bytes.Count - at, 40) + 1));
                break;
            case 4:
                bytes.InsertRange(at, Stretch(bytes));
                break;
            case 5:
                bytes.InsertRange(at, Stretch(other));
                break;
            case 6:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 7:
                ReplaceNumber(bytes, at);
                break;
            case 8:
                Repeat(bytes, at);
                break;
            default:
                bytes.InsertRange(at, Encoding.UTF8.GetBytes(words[random.Next(words.Count)]));
                break;
        }
    }

    private byte[] Stretch(IReadOnlyList<byte> from)
    {
        if (from.Count == 0)
            return [];
        var begin = random.Next(from.Count);
        return [.. from.Skip(begin).Take(random.Next(1, 64))];
    }

    // A number in the text, which may be a length, becomes another one: a famous one, or one beside it.
    private void ReplaceNumber(List<byte> bytes, int from)
    {
        var begin = bytes.FindIndex(Math.Min(from, bytes.Count), IsDigit);
        if (begin < 0)
            begin = bytes.FindIndex(IsDigit);
        if (begin < 0)
            return;
        var end = bytes.FindIndex(begin, digit => !IsDigit(digit));
        end = end < 0 ? bytes.Count : end;
        var digits = Encoding.ASCII.GetString([.. bytes[begin..Math.Min(end, begin + 18)]]);
        var next = random.Next(3) > 0 ? Numbers[random.Next(Numbers.Length)] : (long.Parse(digits, CultureInfo.InvariantCulture) + random.Next(-2, 3)).ToString(CultureInfo.InvariantCulture);
        bytes.RemoveRange(begin, end - begin);
        bytes.InsertRange(begin, Encoding.ASCII.GetBytes(next));
    }

    // Depth, and length.
    private void Repeat(List<byte> bytes, int at)
    {
        var word = Encoding.UTF8.GetBytes(words[random.Next(words.Count)]);
        for (var times = random.Next(1, random.Next(10) == 0 ? DepthMax : 20); times > 0 && bytes.Count < FuzzTarget.InputBytesMax; times--)
            bytes.InsertRange(at, word);
    }

    private static bool IsDigit(byte character) => character is >= (byte)'0' and <= (byte)'9';
}
