using System.Globalization;
using System.Text;
using System.Text.Json;
using Sotto.FakePhone;

namespace SubscriptionApi.Tests.Differential;

/// <summary>Makes requests from a seed: good ones, ones that are signed but say something odd, and ones with anything at all in a field, a text or a byte. Always the same for one seed.</summary>
internal sealed class RequestGenerator(int seed, long now)
{
    private static readonly string[] Junk =
    [
        "null", "true", "false", "0", "-0", "-1", "1.5", "1.0", "1e3", "1e400", "-1E+999", "1e-999", "NaN", "Infinity", "01", "+1", ".5", "1.", "99999999999999999999",
        "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551615", "\"\"", "\"x\"", "'x'", "[]", "[null]", "[[]]", "{}", "[{}]", "{\"token\":1}",
        "\"\\u0000\"", "\"\\ud800\"", "\"\\ude00\\ud800\"", "\"\\ud83d\\ude00\"", "\"\u00e9\"", "\"\\x\"", "\"\\u00g0\"", "\"a\tb\"", "//", "\"apns\"", "\"firebase\"", "tru", "{\"a\":1,}", "[1,]",
        new string('[', 70) + new string(']', 70), new string('[', 800) + new string(']', 800),
    ];

    private static readonly long[] TimeOffsets = [-1_209_601, -1_209_600, -1_209_599, -86_401, -86_400, -86_399, -1, 0, 1, 86_399, 86_400, 86_401];

    private static readonly string[] Services = ["apns", "apns", "apns", "apns", "firebase", "firebase", "firebase", "apns-sandbox", "huawei", "dummy", "APNS", "", "nobody"];

    private readonly Random _random = new(seed);
    private readonly SessionAccount[] _accounts = [.. Enumerable.Range(0, 8).Select(number => Account(1_000 * seed + number))];

    public (bool Subscribe, byte[] Body) Next()
    {
        var subscribe = _random.Next(4) > 0;
        var text = _random.Next(3) == 0
            ? $"[{string.Join(',', Enumerable.Range(0, _random.Next(7)).Select(_ => Chance(12) ? Pick(Junk) : Item(subscribe)))}]"
            : Item(subscribe);
        var body = Encoding.UTF8.GetBytes(text);
        return (subscribe, _random.Next(24) switch
        {
            0 => Harm(body),
            1 => [.. "\uFEFF"u8, .. body],
            2 => [.. body, .. Encoding.Latin1.GetBytes(Pick(["\0", "\0junk", "\0\xff", " ", "\n", "x", "{}", ",", "\xff"]))],
            _ => body,
        });
    }

    private static SessionAccount Account(int number) => (number % 4) switch
    {
        0 => SessionAccount.CreateGroup(number),
        1 => SessionAccount.CreateGroup(number).Subaccount(SessionAccount.Rights.Read | SessionAccount.Rights.AnyPrefix, number),
        2 => SessionAccount.Create(number).Subaccount((SessionAccount.Rights)(number % 16), number),
        _ => SessionAccount.Create(number),
    };

    private string Item(bool subscribe)
    {
        var account = Pick(_accounts);
        var signedAt = now + (Chance(8) ? Pick(TimeOffsets) : -_random.Next(10_000));
        var (wantsData, namespaces) = (Chance(2), Namespaces());
        var signature = account.Sign(Encoding.ASCII.GetBytes(subscribe
            ? $"MONITOR{account.Hex}{signedAt}{(wantsData ? 1 : 0)}{string.Join(',', namespaces)}"
            : $"UNSUBSCRIBE{account.Hex}{signedAt}"));
        var fields = new List<(string Name, string Value)>
        {
            ("pubkey", Bytes(account.Id)), ("sig_ts", Time(signedAt)), ("signature", Bytes(signature)), ("service", Quoted(Pick(Services))), ("service_info", ServiceInfo()),
        };
        if (account.SessionEd25519 is { } key)
            fields.Add(("session_ed25519", Bytes(key)));
        if (account.SubaccountToken is { } token)
            fields.AddRange([("subaccount", Bytes(token)), ("subaccount_sig", Bytes(account.SubaccountSignature!))]);
        else if (Chance(10))
            fields.Add(("subaccount_sig", Bytes(new byte[64])));
        if (subscribe || Chance(10))
            fields.AddRange([("namespaces", $"[{string.Join(Chance(9) ? " , " : ",", namespaces)}]"), ("data", wantsData ? "true" : "false"), ("enc_key", Bytes(Random(32)))]);
        if (Chance(8))
            fields.Add(("subkey_tag", Bytes(Random(32))));
        for (var bends = _random.Next(8) - 5; bends > 0; bends--)
            Bend(fields);
        return Written(fields);
    }

    private void Bend(List<(string Name, string Value)> fields)
    {
        var at = _random.Next(fields.Count);
        var (name, value) = fields[at];
        switch (_random.Next(6))
        {
            case 0:
                fields.RemoveAt(at);
                if (fields.Count == 0)
                    fields.Add(("x", "0"));
                break;
            case 1:
                fields[at] = (name, Pick(Junk));
                break;
            case 2:
                fields.Insert(_random.Next(fields.Count + 1), (name, Pick(Junk)));
                break;
            case 3:
                fields.Insert(0, (Chance(2) ? "unknown" : name.ToUpperInvariant(), Pick(Junk)));
                break;
            case 4:
                // One letter of a value; what is quoted mostly stays so.
                var letter = _random.Next(value.Length);
                fields[at] = (name, value[..letter] + Pick("0123456789abcdefABZz+/=-_ \"\\,".ToCharArray()) + value[(letter + 1)..]);
                break;
            default:
                fields[at] = ($"\\u{(int)name[0]:x4}{name[1..]}", value);
                break;
        }
    }

    private string Written(List<(string Name, string Value)> fields)
    {
        if (Chance(3))
            _random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(fields));
        var space = Chance(9) ? " \r\n\t" : "";
        return $"{space}{{{space}{string.Join($"{space},{space}", fields.Select(field => $"\"{field.Name}\"{space}:{space}{field.Value}"))}{space}}}{space}";
    }

    private byte[] Harm(byte[] body)
    {
        if (body.Length == 0 || Chance(3))
            return body[..(body.Length / 2)];
        var harmed = body.ToArray();
        harmed[_random.Next(body.Length)] = (byte)_random.Next(256);
        return harmed;
    }

    private string Bytes(byte[] bytes)
    {
        var base64 = Convert.ToBase64String(bytes);
        return Quoted(_random.Next(60) switch
        {
            0 => Convert.ToHexString(bytes),
            1 => base64,
            2 => base64.TrimEnd('='),
            3 => base64 + "===",
            4 => base64.Replace('+', '-').Replace('/', '_'),
            5 when Chance(2) => " " + base64,
            6 when Chance(2) => "0x" + Convert.ToHexStringLower(bytes),
            7 when Chance(2) => Encoding.Latin1.GetString(bytes),
            8 when Chance(2) => new string('k', bytes.Length),
            9 when Chance(2) => Convert.ToHexStringLower(bytes[1..]),
            _ => Convert.ToHexStringLower(bytes),
        });
    }

    private string Time(long signedAt) => string.Create(CultureInfo.InvariantCulture, $"{signedAt}") is var text && !Chance(10)
        ? text
        : Pick([$"{text}.0", $"{text}.75", $"{text}e0", $"{text}0E-1", $"\"{text}\"", $"{text}000", $"[{text}]"]);

    private List<long> Namespaces()
    {
        if (Chance(3))
            return Pick<List<long>>([[0], [-11, 11, 12, 13, 14], [0, 2, 3, 4, 5], [-32768, -1, 0, 32767]]);
        var list = Enumerable.Range(0, _random.Next(6)).Select(_ => (long)_random.Next(-20, 20)).ToList();
        if (!Chance(12))
            list = [.. list.Distinct().Order()];
        if (Chance(15))
            list.Add(Pick([32_768L, -32_769L, 65_536L]));
        return list;
    }

    private string ServiceInfo()
    {
        var token = Pick([new string('a', 64), new string('b', 64), new string('0', 63), new string('0', 65), new string('c', 32), new string('c', 31), new string('d', 999), new string('d', 1_000), new string('+', 999), new string('\u00e9', 64), string.Concat(Enumerable.Repeat("\U0001F514", 64)), "", "short"]);
        return _random.Next(20) switch
        {
            0 => Pick(Junk),
            1 => "{}",
            2 => $"{{\"token\":{Pick(Junk)}}}",
            3 => $"{{\"token\":7,\"token\":{Quoted(token)}}}",
            4 => $"{{ \"z\" : {Pick(Junk)} , \"\\u0074oken\" : {Quoted(token)} }}",
            _ => $"{{\"token\":{Quoted(Chance(3) ? token : new string('a', 64))}}}",
        };
    }

    private string Quoted(string text) => Chance(8)
        ? $"\"{string.Concat(text.Select(letter => $"\\u{(int)letter:X4}"))}\""
        : $"\"{JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private byte[] Random(int size)
    {
        var bytes = new byte[size];
        _random.NextBytes(bytes);
        return bytes;
    }

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

    private T Pick<T>(IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];
}
