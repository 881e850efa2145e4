using System.Globalization;
using System.Numerics;
using System.Text;
using Sotto.Sodium;

namespace SubscriptionApi.Tests.Differential;

/// <summary>A subscription as it should be stored.</summary>
internal sealed record OracleRow(
    string Account, string? SessionEd25519, string? SubaccountToken, string? SubaccountSignature, string Signature, long SignedAt, bool WantsData, string Namespaces, string EnvelopeKey);

/// <summary>
/// What the answer must be and what must be stored afterwards, straight from the page session-v2 sections 2.2 to 3.5. Shares no code with the service but libsodium's
/// bare functions. An answer is an error's code, or the word of a success.
/// </summary>
internal sealed class RequestOracle(long now)
{
    private const int ServiceInfoDepthMax = 64;

    public Dictionary<(string Account, string Service, string Token), OracleRow> Rows { get; } = [];

    /// <summary>The answers, and whether they come as an array.</summary>
    public (bool IsArray, List<string> Answers) Judge(bool subscribe, byte[] body)
    {
        object request;
        try
        {
            request = body.Length > 100_000 ? "too large" : OracleJson.Parse(body);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return (false, ["1"]);
        }

        return request switch
        {
            Dictionary<string, object> item => (false, [Item(subscribe, item)]),
            List<object> items => (true, [.. items.Select(item => item is Dictionary<string, object> fields ? Item(subscribe, fields) : "4")]),
            _ => (false, ["1"]),
        };
    }

    private string Item(bool subscribe, Dictionary<string, object> fields)
    {
        try
        {
            return subscribe ? Subscribe(fields) : Unsubscribe(fields);
        }
        catch (Refused refused)
        {
            return refused.Code;
        }
    }

    private string Subscribe(Dictionary<string, object> fields)
    {
        var who = Who(fields);
        var envelopeKey = Bytes(fields, "enc_key", 32);
        var namespaces = Field(fields, "namespaces") is List<object> list ? list.Select(Namespace).ToList() : throw new Refused("4");
        var wantsData = Field(fields, "data") is bool wants ? wants : throw new Refused("4");
        Require(namespaces.Count > 0);
        for (var i = 1; i < namespaces.Count; i++)
            Require(namespaces[i - 1] < namespaces[i]);
        Require(who.SignedAt != 0 && who.SignedAt > now - 1_209_600 && who.SignedAt < now + 86_400);
        var list2 = string.Join(',', namespaces.Select(number => number.ToString(CultureInfo.InvariantCulture)));
        Verify(who, $"MONITOR{who.Hex}{who.SignedAt}{(wantsData ? 1 : 0)}{list2}");
        var key = (who.Hex, who.Service, Token(who.Service, who.Info));
        var isNew = !Rows.ContainsKey(key);
        Rows[key] = new OracleRow(
            who.Hex, Hex(who.SessionKey), Hex(who.SubaccountToken), Hex(who.SubaccountSignature), Hex(who.Signature)!, who.SignedAt, wantsData, list2, Hex(envelopeKey)!);
        return isNew ? "added" : "updated";
    }

    private string Unsubscribe(Dictionary<string, object> fields)
    {
        var who = Who(fields);
        var token = Token(who.Service, who.Info);
        Require(who.SignedAt >= now - 86_400 && who.SignedAt <= now + 86_400);
        Verify(who, $"UNSUBSCRIBE{who.Hex}{who.SignedAt}");
        return Rows.Remove((who.Hex, who.Service, token)) ? "removed" : "not there";
    }

    // Checks 1 to 9.
    private static Someone Who(Dictionary<string, object> fields)
    {
        var account = Bytes(fields, "pubkey", 33);
        var sessionKey = account[0] == 5 ? Bytes(fields, "session_ed25519", 32) : null;
        byte[]? token = null, tokenSignature = null;
        if (fields.ContainsKey("subaccount"))
        {
            token = Bytes(fields, "subaccount", 36);
            tokenSignature = Bytes(fields, "subaccount_sig", 64);
        }

        var signature = Bytes(fields, "signature", 64);
        if (sessionKey is not null)
        {
            var converted = new byte[32];
            Require(Ed25519.TryToX25519(sessionKey, converted) && converted.AsSpan().SequenceEqual(account.AsSpan(1)));
        }

        var signedAt = Field(fields, "sig_ts") is OracleNumber number ? Time(number) : throw new Refused("4");
        var service = Field(fields, "service") as string ?? throw new Refused("4");
        var info = Field(fields, "service_info");
        if (service is not ("apns" or "apns-sandbox" or "firebase"))
            throw new Refused("2");
        return new Someone(account, sessionKey, token, tokenSignature, signature, signedAt, service, info);
    }

    private static void Verify(Someone who, string text)
    {
        var owner = who.SessionKey ?? who.Account[1..];
        if (who.SubaccountToken is not { } token)
        {
            Require(Ed25519.Verify(who.Signature, Encoding.ASCII.GetBytes(text), owner));
            return;
        }

        Require((token[1] & 1) != 0);
        Require((token[1] & 8) != 0 || token[0] == who.Account[0]);
        Require(Ed25519.Verify(who.SubaccountSignature, token, owner));
        Require(Ed25519.Verify(who.Signature, Encoding.ASCII.GetBytes(text), token.AsSpan(4)));
    }

    private static string Token(string service, object info)
    {
        Require(Depth(info) <= ServiceInfoDepthMax);
        var members = info as Dictionary<string, object> ?? throw new Refused("4");
        if (!members.TryGetValue("token", out var value))
            throw new Refused("1");
        var token = value as string ?? throw new Refused("4");
        Require(service == "firebase" ? token.Length > 0 : token.EnumerateRunes().Count() == 64);
        Require(Encoding.UTF8.GetByteCount(token) is >= 32 and <= 999);
        return token;
    }

    private static int Depth(object value) => value switch
    {
        List<object> items => 1 + items.Select(Depth).DefaultIfEmpty().Max(),
        Dictionary<string, object> members => 1 + members.Values.Select(Depth).DefaultIfEmpty().Max(),
        _ => 0,
    };

    private static object Field(Dictionary<string, object> fields, string name) => fields.TryGetValue(name, out var value) ? value : throw new Refused("4");

    private static byte[] Bytes(Dictionary<string, object> fields, string name, int size)
    {
        var text = Field(fields, name) as string ?? throw new Refused("4");
        var raw = Encoding.UTF8.GetBytes(text);
        if (raw.Length == size)
            return raw;
        if (raw.Length == 2 * size && text.All(char.IsAsciiHexDigit))
            return Convert.FromHexString(text);
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        var digits = text.TrimEnd('=');
        Require(digits.Length == (int)Math.Ceiling(4 * size / 3.0) && digits.All(Alphabet.Contains));
        var bits = digits.Aggregate(BigInteger.Zero, (sum, digit) => (sum << 6) + Alphabet.IndexOf(digit, StringComparison.Ordinal)) >> ((6 * digits.Length) - (8 * size));
        var bytes = bits.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[size - bytes.Length], .. bytes];
    }

    private static long Namespace(object value)
    {
        var number = value as OracleNumber ?? throw new Refused("4");
        Require(number.IsInteger && BigInteger.Parse(number.Text, CultureInfo.InvariantCulture) is var whole && whole >= short.MinValue && whole <= short.MaxValue);
        return long.Parse(number.Text, CultureInfo.InvariantCulture);
    }

    // A fraction is cut off; what no clock shows is a time that is never taken.
    private static long Time(OracleNumber number) =>
        decimal.TryParse(number.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && Math.Abs(value) < 1e18m ? (long)value : long.MinValue;

    private static void Require(bool condition)
    {
        if (!condition)
            throw new Refused("4");
    }

    private static string? Hex(byte[]? bytes) => bytes is null ? null : Convert.ToHexStringLower(bytes);

    private sealed record Someone(
        byte[] Account, byte[]? SessionKey, byte[]? SubaccountToken, byte[]? SubaccountSignature, byte[] Signature, long SignedAt, string Service, object Info)
    {
        public string Hex { get; } = Convert.ToHexStringLower(Account);
    }

    private sealed class Refused(string code) : Exception
    {
        public string Code { get; } = code;
    }
}
