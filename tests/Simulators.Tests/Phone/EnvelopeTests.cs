using System.Text;
using System.Text.Json;
using NUnit.Framework;
using Sotto.FakePhone;
using Sotto.TestSupport;

namespace Simulators.Tests.Phone;

/// <summary>What a phone makes of the envelopes of <c>payload_encryption.json</c>.</summary>
public sealed class EnvelopeTests
{
    public static IEnumerable<TestCaseData> Cases => VectorFolder.Cases("session", "payload_encryption.json", "cases");

    public static IEnumerable<TestCaseData> OfTwoForms => VectorFolder.Cases(
        "session", "payload_encryption.json", "cases", root => root.GetProperty("cases").EnumerateArray().Where(item => item.TryGetProperty("alternative_json_string_form", out _)));

    public static IEnumerable<TestCaseData> ProviderEnvelopes => VectorFolder.Cases(
        "session", "payload_encryption.json", "provider_envelopes", root => root.GetProperty("provider_envelopes").EnumerateObject().Select(property => property.Value));

    [TestCaseSource(nameof(Cases))]
    public void An_envelope_of_the_vectors_is_opened(VectorCase vector)
    {
        var phone = FakePhone.Create(1).WithEnvelopeKey(vector.Json.Hex("enc_key_hex"));

        Assert.That(phone.TryOpen(vector.Json.Text("enc_payload_base64"), out var notification));

        AssertMatches(notification!, vector.Json);
        Assert.That(notification!.Form == MetadataForm.Json, Is.EqualTo(vector.Json.Text("first_element_form") == "json_string"));
    }

    [TestCaseSource(nameof(OfTwoForms))]
    public void The_other_form_of_the_metadata_is_read_too(VectorCase vector)
    {
        var json = vector.Json.GetProperty("alternative_json_string_form").Text("metadata_json");

        Assert.That(Notification.TryRead(Encoding.ASCII.GetBytes($"l{json.Length}:{json}e\0\0"), out var notification));

        AssertMatches(notification!, vector.Json);
        Assert.That(notification!.Form, Is.EqualTo(MetadataForm.Json));
    }

    [TestCaseSource(nameof(Cases))]
    public void An_envelope_that_was_touched_or_is_anothers_stays_shut(VectorCase vector)
    {
        var payload = Convert.FromBase64String(vector.Json.Text("enc_payload_base64"));
        var phone = FakePhone.Create(1).WithEnvelopeKey(vector.Json.Hex("enc_key_hex"));
        payload[^1] ^= 1;

        Assert.That(phone.TryOpen(Convert.ToBase64String(payload), out _), Is.False);
        Assert.That(FakePhone.Create(1).TryOpen(vector.Json.Text("enc_payload_base64"), out _), Is.False);
    }

    [TestCaseSource(nameof(ProviderEnvelopes))]
    public void It_is_found_in_the_body_of_each_provider(VectorCase vector)
    {
        var expected = vector.Root.GetProperty("cases")[0].Text("enc_payload_base64");

        Assert.That(Envelope.FindIn(vector.Json.GetProperty("body").GetRawText()), Is.EqualTo(expected));
    }

    [TestCase("")]
    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("""{"message":{"data":"no json"}}""")]
    [TestCase("""{"message":{"data":{}}}""")]
    public void A_body_without_an_envelope_has_none(string body) => Assert.That(Envelope.FindIn(body), Is.Null);

    [TestCase("le")]
    [TestCase("l5:shorte")]
    [TestCase("li1ee")]
    [TestCase("ld1:@3:abcee")]
    [TestCase("l2:{}e")]
    [TestCase("lllllllllllllllllllllllllllllllllllll")]
    [TestCase("l99999999999:xe")]
    [TestCase("")]
    public void What_is_no_notification_is_not_read(string plaintext) =>
        Assert.That(Notification.TryRead(Encoding.ASCII.GetBytes(plaintext), out _), Is.False);

    private static void AssertMatches(Notification notification, JsonElement expected)
    {
        var length = expected.GetProperty("data_len").ValueKind == JsonValueKind.Null ? 0 : expected.GetProperty("data_len").GetInt64();
        Assert.That(notification.AccountHex, Is.EqualTo(expected.Text("account_hex")));
        Assert.That(notification.Hash, Is.EqualTo(expected.Text("msg_hash")));
        Assert.That(notification.Namespace, Is.EqualTo(expected.GetProperty("namespace").GetInt32()));
        Assert.That(notification.TimestampMilliseconds, Is.EqualTo(expected.GetProperty("timestamp_ms").GetInt64()));
        Assert.That(notification.ExpiryMilliseconds, Is.EqualTo(expected.GetProperty("expiry_ms").GetInt64()));
        Assert.That(notification.DataLength ?? 0, Is.EqualTo(length));
        Assert.That(notification.IsTooBig, Is.EqualTo(length > 2500));
        Assert.That(notification.Data, Is.EqualTo(length is > 0 and <= 2500 ? expected.Hex("data_hex") : null));
    }
}
