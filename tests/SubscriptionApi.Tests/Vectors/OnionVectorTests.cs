using System.Text.Json;
using Sotto.FakePhone;
using SubscriptionApi.Tests.Support;

namespace SubscriptionApi.Tests.Vectors;

/// <summary>The requests of onion_v4.json posted to the real route of a service that has the file's key.</summary>
[Category("vectors")]
public sealed class OnionVectorTests
{
    private ApiUnderTest? _api;

    private static IEnumerable<TestCaseData> Good => VectorFolder.Cases("session", "onion_v4.json", "good");

    private static IEnumerable<TestCaseData> Bad => VectorFolder.Cases("session", "onion_v4.json", "bad");

    private static IEnumerable<TestCaseData> Payloads => VectorFolder.Cases("session", "bencode.json", "v4_request");

    [OneTimeSetUp]
    public async Task Start() =>
        _api = await ApiUnderTest.StartedAsync(onionKey: VectorFolder.Load("session", "onion_v4.json")?.GetProperty("server").Hex("x25519_private"));

    [OneTimeTearDown]
    public async Task Stop() => await _api!.DisposeAsync();

    [TestCaseSource(nameof(Good))]
    public async Task A_request_is_answered_under_its_own_key(VectorCase vector)
    {
        var (status, reply) = await PostAsync(vector.Json.Hex("http_body_hex"));
        Assert.That(status, Is.EqualTo(200));

        var (code, body) = V4Envelope.ReadResponse(SymmetricReply.Open(vector.Json.Text("cipher"), vector.Json.Hex("symmetric_key_hex"), reply));

        // The requests in the file are too short to be subscriptions, and one is no request at all.
        if (vector.Json.Text("decrypted_hex").Length == 0)
        {
            Assert.That(code, Is.EqualTo(400));
            Assert.That(body, Is.EqualTo("Invalid v4 onion request"u8.ToArray()));
        }
        else
        {
            Assert.That(code, Is.EqualTo(200));
            using var json = JsonDocument.Parse(body);
            Expected.Error(4, json.RootElement);
        }
    }

    [TestCaseSource(nameof(Bad))]
    public async Task A_request_that_cannot_be_opened_is_400_and_says_no_more(VectorCase vector)
    {
        var (status, reply) = await PostAsync(vector.Json.Hex("http_body_hex"));

        Assert.That(status, Is.EqualTo(400));
        Assert.That(reply, Is.EqualTo("Bad request\n"u8.ToArray()));
    }

    [TestCaseSource(nameof(Payloads))]
    public async Task A_payload_that_is_no_request_is_400_inside(VectorCase vector)
    {
        var letter = OnionLetter.Seal(_api!.OnionPublicKey, OnionCipher.XChaCha20, vector.Json.Hex("plaintext_hex"));

        var (status, reply) = await PostAsync(letter.Body);

        Assert.That(status, Is.EqualTo(200));
        var (code, _) = V4Envelope.ReadResponse(letter.Open(reply));
        Assert.That(code, Is.EqualTo(vector.Json.Text("result") == "ok" ? 200 : 400));
    }

    private async Task<(int Status, byte[] Body)> PostAsync(byte[] body)
    {
        using var response = await _api!.SendAsync(HttpMethod.Post, "/oxen/v4/lsrpc", new ByteArrayContent(body));
        return ((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync());
    }
}
