using System.Text.Json;
using Sotto.Session;
using Sotto.TestSupport;

namespace Vectors.Tests.Session;

public sealed class EnvelopeVectorTests
{
    private static IEnumerable<TestCaseData> Envelopes => VectorFolder.Cases("session", "payload_encryption.json", "cases");

    [TestCaseSource(nameof(Envelopes))]
    public void An_envelope_is_written_byte_for_byte(VectorCase vector)
    {
        var json = vector.Json;
        var plaintext = NotificationEnvelope.Plaintext(MessageOf(json));
        var envelope = NotificationEnvelope.Seal(plaintext, json.Hex("enc_key_hex"), json.Hex("nonce_hex"));

        Assert.That(plaintext[..json.GetProperty("plaintext_unpadded_len").GetInt32()], Is.EqualTo(json.Hex("plaintext_unpadded_hex")));
        Assert.That(plaintext, Has.Length.EqualTo(json.GetProperty("plaintext_padded_len").GetInt32()));
        Assert.That(plaintext[json.GetProperty("plaintext_unpadded_len").GetInt32()..], Is.All.Zero);
        Assert.That(envelope, Is.EqualTo(json.Hex("payload_hex")));
        Assert.That(Convert.ToBase64String(envelope), Is.EqualTo(json.Text("enc_payload_base64")));
    }

    [TestCaseSource(nameof(Envelopes))]
    public void An_envelope_in_the_documented_form_is_written_byte_for_byte(VectorCase vector)
    {
        var json = vector.Json;
        if (!json.TryGetProperty("alternative_json_string_form", out var expected))
            expected = json;

        var plaintext = NotificationEnvelope.Plaintext(MessageOf(json), MetadataForm.Json);

        Assert.That(plaintext.AsSpan().TrimEnd((byte)0).ToArray(), Is.EqualTo(expected.Hex("plaintext_unpadded_hex")));
        Assert.That(
            NotificationEnvelope.Seal(plaintext, json.Hex("enc_key_hex"), json.Hex("nonce_hex")), Is.EqualTo(expected.Hex("payload_hex")));
    }

    private static NotifyMessage MessageOf(JsonElement json)
    {
        // Of data that is too long only the length matters, and a file may give no more.
        var data = json.HexOrNull("data_hex");
        if (data is null && json.TryGetProperty("data_len", out var length) && length.ValueKind == JsonValueKind.Number)
            data = new byte[length.GetInt32()];

        return new NotifyMessage
        {
            Account = AccountId.Create(json.Hex("account_hex")),
            Hash = json.Text("msg_hash"),
            Namespace = json.GetProperty("namespace").GetInt16(),
            TimestampMilliseconds = json.GetProperty("timestamp_ms").GetInt64(),
            ExpiryMilliseconds = json.GetProperty("expiry_ms").GetInt64(),
            Data = data is null ? default(ReadOnlyMemory<byte>?) : data,
        };
    }
}
