using System.Globalization;
using System.Text;

namespace Sotto.FakePhone;

/// <summary>Reads bencoding as a phone does: strings become byte[], integers long, lists List, dictionaries Dictionary with text keys.</summary>
public static class Bencoding
{
    private const int DepthMax = 16;

    /// <summary>Reads one value that fills the whole of the bytes.</summary>
    /// <exception cref="FormatException">They are not bencoded.</exception>
    public static object Parse(ReadOnlySpan<byte> bytes)
    {
        var rest = bytes;
        var value = Read(ref rest, 0);
        return rest.IsEmpty ? value : throw Wrong();
    }

    private static object Read(ref ReadOnlySpan<byte> rest, int depth)
    {
        if (rest.IsEmpty || depth > DepthMax)
            throw Wrong();
        return rest[0] switch
        {
            (byte)'i' => ReadInteger(ref rest),
            (byte)'l' => ReadList(ref rest, depth),
            (byte)'d' => ReadDictionary(ref rest, depth),
            _ => ReadString(ref rest),
        };
    }

    private static long ReadInteger(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf((byte)'e');
        if (end < 0 || !long.TryParse(rest[1..end], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            throw Wrong();
        rest = rest[(end + 1)..];
        return number;
    }

    private static byte[] ReadString(ref ReadOnlySpan<byte> rest)
    {
        var colon = rest.IndexOf((byte)':');
        if (colon < 0 || !int.TryParse(rest[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > rest.Length - colon - 1)
            throw Wrong();
        var text = rest.Slice(colon + 1, length).ToArray();
        rest = rest[(colon + 1 + length)..];
        return text;
    }

    private static List<object> ReadList(ref ReadOnlySpan<byte> rest, int depth)
    {
        var list = new List<object>();
        rest = rest[1..];
        while (!IsEnd(ref rest))
            list.Add(Read(ref rest, depth + 1));
        return list;
    }

    private static Dictionary<string, object> ReadDictionary(ref ReadOnlySpan<byte> rest, int depth)
    {
        var dictionary = new Dictionary<string, object>(StringComparer.Ordinal);
        rest = rest[1..];
        while (!IsEnd(ref rest))
        {
            var key = Encoding.Latin1.GetString(ReadString(ref rest));
            if (!dictionary.TryAdd(key, Read(ref rest, depth + 1)))
                throw Wrong();
        }

        return dictionary;
    }

    private static bool IsEnd(ref ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty)
            throw Wrong();
        if (rest[0] != 'e')
            return false;
        rest = rest[1..];
        return true;
    }

    private static FormatException Wrong() => new("The bytes are not bencoded.");
}
