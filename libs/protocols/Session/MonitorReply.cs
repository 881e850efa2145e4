using System.Diagnostics.CodeAnalysis;
using Sotto.Bencode;

namespace Sotto.Session;

/// <summary>A storage server's answer to one subscription.</summary>
/// <param name="Accepted">True when it will tell us of the account for 65 minutes.</param>
/// <param name="ErrorCode">When not accepted, why (oxenmq section 6): 1 arguments, 2 public key, 3 namespaces, 4 timestamp, 5 signature, 6 wrong swarm.</param>
/// <param name="Error">When not accepted, the server's words: printable ASCII, at most <see cref="MonitorReply.ErrorLengthMax"/> characters.</param>
public readonly record struct MonitorResult(bool Accepted, long ErrorCode, string Error);

/// <summary>A storage server's reply to <c>monitor.messages</c>.</summary>
public sealed class MonitorReply
{
    /// <summary>Where an error text is cut, in characters: it is a stranger's, and is logged.</summary>
    public const int ErrorLengthMax = 200;

    private MonitorReply(bool isList, IReadOnlyList<MonitorResult> results) => (IsList, Results) = (isList, results);

    /// <summary>False for a lone dictionary: the answer to a lone dictionary, or the refusal of a list as a whole.</summary>
    public bool IsList { get; }

    /// <summary>One result for each subscription, in the order of the request.</summary>
    public IReadOnlyList<MonitorResult> Results { get; }

    /// <summary>Reads a reply. False, never an exception, when it is not one, or has more than <paramref name="resultsMax"/> results.</summary>
    public static bool TryParse(ReadOnlySpan<byte> part, int resultsMax, [NotNullWhen(true)] out MonitorReply? reply)
    {
        reply = null;
        var reader = new BencodeReader(part);
        var results = new List<MonitorResult>();
        var isList = reader.TryEnterList();
        while (isList ? reader.Next != BencodeKind.End : results.Count == 0)
        {
            if (results.Count == resultsMax || !TryReadResult(ref reader, out var result))
                return false;

            results.Add(result);
        }

        if ((isList && !reader.TryLeave()) || !reader.TryEndInput())
            return false;

        reply = new MonitorReply(isList, results);
        return true;
    }

    private static bool TryReadResult(ref BencodeReader reader, out MonitorResult result)
    {
        result = default;
        if (!reader.TryEnterDictionary())
            return false;

        if (reader.TrySeekKey("errcode"u8))
        {
            if (!reader.TryReadInt64(out var code))
                return false;

            var text = ReadOnlySpan<byte>.Empty;
            if (reader.TrySeekKey("error"u8) && !reader.TryReadBytes(out text))
                return false;

            result = new MonitorResult(Accepted: false, code, Printable(text));
            return reader.TryLeaveDictionary();
        }

        if (!reader.TrySeekKey("success"u8) || !reader.TryReadInt64(out var success) || success == 0)
            return false;

        result = new MonitorResult(Accepted: true, 0, "");
        return reader.TryLeaveDictionary();
    }

    private static string Printable(ReadOnlySpan<byte> text)
    {
        var cut = text[..Math.Min(text.Length, ErrorLengthMax)];
        return string.Create(cut.Length, cut, static (characters, bytes) =>
        {
            for (var i = 0; i < bytes.Length; i++)
                characters[i] = bytes[i] is >= 0x20 and < 0x7f ? (char)bytes[i] : '?';
        });
    }
}
