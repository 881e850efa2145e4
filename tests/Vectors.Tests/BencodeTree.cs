using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Sotto.Bencode;

namespace Vectors.Tests;

/// <summary>Bencoded values as text that can be compared: <c>i5</c>, <c>s6162</c>, <c>[…]</c>, <c>{key:value…}</c> with sorted keys, of a repeated key the first.</summary>
internal static class BencodeTree
{
    /// <summary>Reads a whole input; null when the reader refuses it.</summary>
    internal static string? Read(ReadOnlySpan<byte> input)
    {
        try
        {
            var reader = new BencodeReader(input);
            var text = ReadValue(ref reader);
            reader.EndInput();
            return text;
        }
        catch (BencodeException)
        {
            return null;
        }
    }

    /// <summary>The value that a vector file describes, in either of its notations.</summary>
    internal static string Of(JsonElement value)
    {
        var member = value.EnumerateObject().Single();
        return member.Name switch
        {
            "int" or "i" => "i" + member.Value.GetString(),
            "bytes_hex" or "s" => "s" + member.Value.GetString(),
            "list" or "l" => "[" + string.Join(',', member.Value.EnumerateArray().Select(Of)) + "]",
            "dict" or "d" => Dictionary(member.Value.EnumerateArray().Select(pair => (pair[0].GetString()!, Of(pair[1])))),
            _ => throw new InvalidOperationException($"Unknown kind of value: {member.Name}"),
        };
    }

    internal static void Write(BencodeWriter writer, JsonElement value)
    {
        var member = value.EnumerateObject().Single();
        switch (member.Name)
        {
            case "int" or "i":
                WriteNumber(writer, BigInteger.Parse(member.Value.GetString()!, CultureInfo.InvariantCulture));
                break;
            case "bytes_hex" or "s":
                writer.Write(Convert.FromHexString(member.Value.GetString()!));
                break;
            case "list" or "l":
                writer.StartList();
                foreach (var item in member.Value.EnumerateArray())
                    Write(writer, item);
                writer.End();
                break;
            default:
                writer.StartDictionary();
                foreach (var pair in member.Value.EnumerateArray())
                {
                    writer.Key(Convert.FromHexString(pair[0].GetString()!));
                    Write(writer, pair[1]);
                }

                writer.End();
                break;
        }
    }

    /// <summary>
    /// What the network's decoder takes and ours refuses on purpose: numbers beyond 64 bits, and deep nesting (oxenmq section 4). A rough scanner of its own, so that the
    /// reader is not asked about itself.
    /// </summary>
    internal static bool ExceedsOurLimits(byte[] input)
    {
        var text = Encoding.Latin1.GetString(input);
        var depth = 0;
        for (var at = 0; at < text.Length; at++)
        {
            var end = text.IndexOfAny(['e', ':'], at);
            if (text[at] is 'l' or 'd' && ++depth > BencodeReader.DepthMax)
                return true;
            if (text[at] == 'i' && end > 0 && BigInteger.TryParse(text.AsSpan(at + 1, end - at - 1), CultureInfo.InvariantCulture, out var number))
            {
                if (number < long.MinValue || number > ulong.MaxValue)
                    return true;
                at = end;
            }
            else if (text[at] == 'e')
            {
                depth--;
            }
            else if (char.IsAsciiDigit(text[at]) && end > 0 && int.TryParse(text.AsSpan(at, end - at), CultureInfo.InvariantCulture, out var length))
            {
                at = (int)Math.Min((long)end + length, text.Length - 1);
            }
        }

        return false;
    }

    private static void WriteNumber(BencodeWriter writer, BigInteger number)
    {
        if (number > long.MaxValue)
            writer.Write((ulong)number);
        else
            writer.Write((long)number);
    }

    private static string ReadValue(ref BencodeReader reader)
    {
        switch (reader.Next)
        {
            case BencodeKind.ByteString:
                return "s" + Convert.ToHexStringLower(reader.ReadBytes());
            case BencodeKind.Number:
                return reader.TryReadInt64(out var number)
                    ? "i" + number.ToString(CultureInfo.InvariantCulture)
                    : "i" + reader.ReadUInt64().ToString(CultureInfo.InvariantCulture);
            case BencodeKind.List:
                return ReadList(ref reader);
            default:
                return ReadDictionary(ref reader);
        }
    }

    private static string ReadList(ref BencodeReader reader)
    {
        var items = new List<string>();
        reader.EnterList();
        while (!reader.TryLeave())
            items.Add(ReadValue(ref reader));
        return "[" + string.Join(',', items) + "]";
    }

    private static string ReadDictionary(ref BencodeReader reader)
    {
        var pairs = new List<(string, string)>();
        reader.EnterDictionary();
        while (!reader.TryLeave())
            pairs.Add((Convert.ToHexStringLower(reader.ReadBytes()), ReadValue(ref reader)));
        return Dictionary(pairs);
    }

    private static string Dictionary(IEnumerable<(string Key, string Value)> pairs) =>
        "{" + string.Join(',', pairs.DistinctBy(pair => pair.Key, StringComparer.Ordinal).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}:{pair.Value}")) + "}";
}
