using System.Text;
using System.Text.Json;
using Sotto.OnionRequests;
using Sotto.Sodium;
using Sotto.TestSupport;

namespace Vectors.Tests.Session;

public sealed class OnionVectorTests
{
    private static IEnumerable<TestCaseData> GoodRequests => VectorFolder.Cases("session", "onion_v4.json", "good");

    private static IEnumerable<TestCaseData> BadRequests => VectorFolder.Cases("session", "onion_v4.json", "bad");

    private static IEnumerable<TestCaseData> OldRequests => VectorFolder.Cases("session", "v1_onion.json", "loki_v2_lsrpc");

    private static IEnumerable<TestCaseData> OldV4Requests => VectorFolder.Cases("session", "v1_onion.json", "oxen_v4_lsrpc");

    private static IEnumerable<TestCaseData> Payloads => VectorFolder.Cases("session", "bencode.json", "v4_request");

    private static IEnumerable<TestCaseData> Responses => VectorFolder.Cases("session", "bencode.json", "v4_response");

    [TestCaseSource(nameof(GoodRequests))]
    public void A_request_is_opened_and_answered_byte_for_byte(VectorCase vector)
    {
        using var key = KeyOf(vector);

        Assert.That(OnionRequest.TryOpen(key, vector.Json.Hex("http_body_hex"), out var payload, out var reply), Is.True);
        Assert.That(payload, Is.EqualTo(vector.Json.Hex("decrypted_hex")));
        Assert.That(
            reply!.Seal(Encoding.UTF8.GetBytes(vector.Json.Text("response_plaintext_text")), vector.Json.Hex("response_nonce_hex")),
            Is.EqualTo(vector.Json.Hex("response_http_body_hex")));
    }

    [TestCaseSource(nameof(GoodRequests))]
    public void A_request_agrees_on_the_key_of_the_reference(VectorCase vector)
    {
        using var key = KeyOf(vector);
        var client = vector.Root.GetProperty("client").Hex("ephemeral_public");
        var (shared, symmetric) = (new byte[32], new byte[32]);
        var cipher = OnionCipherMethods.Named(vector.Json.Text("cipher"));

        Assert.That(X25519.TryAgree(vector.Root.GetProperty("server").Hex("x25519_private"), client, shared), Is.True);
        Assert.That(shared, Is.EqualTo(vector.Json.Hex("shared_secret_hex")));
        Assert.That(cipher!.Value.TryAgree(key, client, symmetric), Is.True);
        Assert.That(symmetric, Is.EqualTo(vector.Json.Hex("symmetric_key_hex")));
    }

    [TestCaseSource(nameof(BadRequests))]
    public void A_request_that_the_reference_refuses_is_refused(VectorCase vector)
    {
        using var key = KeyOf(vector);

        Assert.That(OnionRequest.TryOpen(key, vector.Json.Hex("http_body_hex"), out var payload, out var reply), Is.False);
        Assert.That(payload, Is.Null);
        Assert.That(reply, Is.Null);
    }

    [TestCaseSource(nameof(OldRequests))]
    public void A_request_of_the_first_server_is_opened_and_answered(VectorCase vector)
    {
        using var key = KeyOf(vector);

        Assert.That(OnionRequest.TryOpen(key, vector.Json.Hex("http_body_hex"), out var payload, out var reply), Is.True);
        Assert.That(Encoding.UTF8.GetString(payload!), Is.EqualTo(vector.Json.Text("decrypted_json")));
        Assert.That(
            Convert.ToBase64String(
                reply!.Seal(Encoding.UTF8.GetBytes(vector.Json.Text("response_plaintext_json")), vector.Json.Hex("response_nonce_hex"))),
            Is.EqualTo(vector.Json.GetProperty("http_response_json").Text("result")));
    }

    [TestCaseSource(nameof(OldV4Requests))]
    public void A_version_4_request_of_the_first_server_is_opened_and_answered(VectorCase vector)
    {
        using var key = KeyOf(vector);

        Assert.That(OnionRequest.TryOpen(key, vector.Json.Hex("http_body_hex"), out var payload, out var reply), Is.True);
        Assert.That(Encoding.UTF8.GetString(payload!), Is.EqualTo(vector.Json.Text("decrypted_text")));
        Assert.That(V4Request.TryParse(payload, out _), Is.True);
        Assert.That(
            reply!.Seal(Encoding.UTF8.GetBytes(vector.Json.Text("response_plaintext_text")), vector.Json.Hex("response_nonce_hex")),
            Is.EqualTo(vector.Json.Hex("response_http_body_hex")));
    }

    [TestCaseSource(nameof(Payloads))]
    public void A_payload_is_read_as_the_reference_reads_it(VectorCase vector)
    {
        var parsed = V4Request.TryParse(vector.Json.Hex("plaintext_hex"), out var request);

        Assert.That(parsed, Is.EqualTo(vector.Json.Text("result") == "ok"));
        if (!parsed)
            return;

        Assert.That(request!.Method, Is.EqualTo(vector.Json.Text("method")));
        Assert.That(request.Endpoint, Is.EqualTo(vector.Json.Text("endpoint")));
        Assert.That(request.Headers, Is.EquivalentTo(HeadersOf(vector.Json)));
        Assert.That(request.Body.ToArray(), Is.EqualTo(vector.Json.Hex("body_hex")));
    }

    [TestCaseSource(nameof(Responses))]
    public void A_response_is_written_byte_for_byte(VectorCase vector)
    {
        var body = Encoding.UTF8.GetBytes(vector.Json.Text("body_text"));

        Assert.That(V4Response.Write(vector.Json.GetProperty("code").GetInt32(), HeadersOf(vector.Json), body), Is.EqualTo(vector.Json.Hex("encoded_hex")));
    }

    private static Dictionary<string, string> HeadersOf(JsonElement json) =>
        json.GetProperty("headers").EnumerateObject().ToDictionary(header => header.Name, header => header.Value.GetString()!, StringComparer.Ordinal);

    private static OnionKey KeyOf(VectorCase vector) => OnionKey.FromPrivateKey(vector.Root.GetProperty("server").Hex("x25519_private"));
}
