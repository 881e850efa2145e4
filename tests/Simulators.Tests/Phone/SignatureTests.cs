using System.Text;
using System.Text.Json;
using NUnit.Framework;
using Sotto.FakePhone;
using Sotto.TestSupport;

namespace Simulators.Tests.Phone;

/// <summary>What a phone signs, against <c>signatures.json</c>.</summary>
public sealed class SignatureTests
{
    public static IEnumerable<TestCaseData> Good => VectorFolder.Cases(
        "session", "signatures.json", "cases", root => root.GetProperty("cases").EnumerateArray().Where(item => item.Text("expect") == "ok"));

    public static IEnumerable<TestCaseData> WithTheSignersKey => VectorFolder.Cases(
        "session", "signatures.json", "cases",
        root => root.GetProperty("cases").EnumerateArray().Where(item => item.Text("expect") == "ok" && Holder(root.GetProperty("keys"), item.GetProperty("request_fields")) is not null));

    [TestCaseSource(nameof(Good))]
    public void The_signed_text_is_that_of_the_vectors(VectorCase vector)
    {
        var fields = vector.Json.GetProperty("request_fields");
        var account = Convert.ToHexStringLower(Convert.FromHexString(fields.Text("pubkey")));
        var signedAt = fields.GetProperty("sig_ts").GetInt64();

        var text = vector.Json.Text("kind") == "monitor"
            ? SignedTexts.Monitor(account, signedAt, fields.GetProperty("data").GetBoolean(), fields.GetProperty("namespaces").EnumerateArray().Select(item => item.GetInt32()))
            : SignedTexts.Unsubscribe(account, signedAt);

        Assert.That(Encoding.ASCII.GetString(text), Is.EqualTo(vector.Json.Text("signed_string")));
    }

    [TestCaseSource(nameof(WithTheSignersKey))]
    public void The_request_is_that_of_the_vectors(VectorCase vector)
    {
        var fields = vector.Json.GetProperty("request_fields");
        var account = Holder(vector.Root.GetProperty("keys"), fields)!;
        var clock = new ManualTimeProvider(DateTimeOffset.FromUnixTimeSeconds(fields.GetProperty("sig_ts").GetInt64()));
        var phone = FakePhone.Create(account, 1).At(clock);
        var request = vector.Json.Text("kind") == "monitor"
            ? phone.SubscribeRequest("apns", [.. fields.GetProperty("namespaces").EnumerateArray().Select(item => item.GetInt32())], fields.GetProperty("data").GetBoolean())
            : phone.UnsubscribeRequest("apns");

        var written = JsonSerializer.SerializeToElement(request);
        foreach (var field in fields.EnumerateObject())
            Assert.That(Plain(written.GetProperty(field.Name)), Is.EqualTo(Plain(field.Value)), field.Name);
    }

    // Bytes are hex or Base64 in the vectors; a phone writes them in one form.
    private static string Plain(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
            return JsonSerializer.Serialize(value);
        var text = value.GetString()!;
        return text.All(char.IsAsciiHexDigit) ? text.ToLowerInvariant() : Convert.ToHexStringLower(Convert.FromBase64String(text));
    }

    private static SessionAccount? Holder(JsonElement keys, JsonElement fields)
    {
        var pubkey = fields.Text("pubkey").ToLowerInvariant();
        var owner = keys.EnumerateObject().Select(key => key.Value).FirstOrDefault(key => key.TextOrNull("account") == pubkey);
        if (owner.ValueKind == JsonValueKind.Undefined)
            return null;
        var seed = owner.Hex("ed25519_seed");
        var account = pubkey.StartsWith("05", StringComparison.Ordinal) ? SessionAccount.FromSeed(seed) : SessionAccount.GroupFromSeed(seed);
        if (fields.TextOrNull("subaccount") is not { } token)
            return account;

        if (!keys.TryGetProperty("member", out var member))
            return null;
        var bytes = Convert.FromHexString(Plain(fields.GetProperty("subaccount")));
        var isOurs = token.Length > 0 && Convert.ToHexStringLower(bytes[4..]) == member.Text("ed25519_pub") && bytes[2] == 0 && bytes[3] == 0;
        return isOurs ? account.SubaccountFromSeed(member.Hex("ed25519_seed"), (SessionAccount.Rights)bytes[1]) : null;
    }
}
