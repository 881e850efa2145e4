using System.Text;
using NUnit.Framework;
using Sotto.FakePhone;
using Sotto.TestSupport;

namespace Simulators.Tests.Phone;

/// <summary>A phone's onion requests, byte for byte, against <c>onion_v4.json</c>.</summary>
public sealed class OnionTests
{
    public static IEnumerable<TestCaseData> Good => VectorFolder.Cases("session", "onion_v4.json", "good");

    [TestCaseSource(nameof(Good))]
    public void The_sealed_part_of_a_request_is_that_of_the_vectors(VectorCase vector)
    {
        var letter = Seal(vector, vector.Json.Hex("decrypted_hex"));
        var expected = vector.Json.Hex("http_body_hex");

        var control = vector.Json.Text("control_json");
        var sealedBytes = expected.Length - control.Length;
        Assert.That(letter.Body[..sealedBytes], Is.EqualTo(expected[..sealedBytes]), "length and ciphertext");
        // Some vectors spell the cipher or the key in another of the allowed ways.
        var isOurSpelling = !control.Contains("poly1305", StringComparison.Ordinal) && !control.Contains("gcm", StringComparison.Ordinal)
            && control.Contains(vector.Root.GetProperty("client").Text("ephemeral_public"), StringComparison.Ordinal);
        if (isOurSpelling)
            Assert.That(Encoding.UTF8.GetString(letter.Body.AsSpan(sealedBytes)), Is.EqualTo(control));
    }

    [TestCaseSource(nameof(Good))]
    public void The_answer_of_the_vectors_is_opened(VectorCase vector)
    {
        var letter = Seal(vector, []);
        var plaintext = letter.Open(vector.Json.Hex("response_http_body_hex"));
        var expected = vector.Json.Text("response_plaintext_text");

        Assert.That(Encoding.UTF8.GetString(plaintext), Is.EqualTo(expected));
        Assert.That(V4Envelope.ReadResponse(plaintext).Code, Is.GreaterThanOrEqualTo(200));
    }

    [TestCase(OnionCipher.AesGcm)]
    [TestCase(OnionCipher.XChaCha20)]
    public void An_answer_that_was_touched_is_not_opened(OnionCipher cipher)
    {
        var server = new byte[32];
        Sotto.Sodium.X25519.PublicKey(Enumerable.Repeat((byte)7, 32).ToArray(), server);
        var letter = OnionLetter.Seal(server, cipher, "payload"u8);

        Assert.That(() => letter.Open(new byte[100]), Throws.InstanceOf<System.Security.Cryptography.CryptographicException>());
        Assert.That(() => letter.Open(new byte[3]), Throws.InstanceOf<System.Security.Cryptography.CryptographicException>());
    }

    private static OnionLetter Seal(VectorCase vector, byte[] payload)
    {
        var cipher = vector.Json.Text("cipher") == "xchacha20" ? OnionCipher.XChaCha20 : OnionCipher.AesGcm;
        var (server, client) = (vector.Root.GetProperty("server"), vector.Root.GetProperty("client"));
        return OnionLetter.Seal(server.Hex("x25519_public"), cipher, payload, client.Hex("ephemeral_private"), vector.Json.Hex("request_nonce_hex"));
    }
}
