using System.Security.Cryptography;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using ApnsSender;
using Sotto.Apns;
using Sotto.Delivery;
using Sotto.VendorHttp;

namespace Senders.Tests.Vectors;

[Category("vectors")]
public sealed class ApnsVectorTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static IEnumerable<TestCaseData> Errors => VectorFolder.Cases("providers", "apns-errors.json", "cases");

    public static IEnumerable<TestCaseData> Timestamps => VectorFolder.Cases("providers", "apns-errors.json", "timestamp_cases");

    public static IEnumerable<TestCaseData> Sizes => VectorFolder.Cases("providers", "apns-requests.json", "size_cases");

    public static IEnumerable<TestCaseData> Examples => VectorFolder.Cases("providers", "apns-jwt.json", "example", root => [root.GetProperty("example")]);

    [TestCaseSource(nameof(Errors))]
    public void Each_reason_has_its_class(VectorCase vector)
    {
        var response = ApnsResponse.Read(new VendorAnswer { Status = vector.Json.GetProperty("status").GetInt32(), Body = Encoding.UTF8.GetBytes(vector.Json.Text("body")) });

        var outcome = ApnsOutcome.Of(response, Now);

        Assert.That(response.Reason, Is.EqualTo(vector.Json.Text("reason")));
        Assert.That(outcome.Class, Is.EqualTo(vector.Json.Text("cls")));
        Assert.That(outcome.Reason, Is.EqualTo(vector.Json.Text("reason")));
        if (outcome is DeliveryOutcome.TokenDead dead)
        {
            Assert.That(dead.LooksLikeOurs, Is.EqualTo(vector.Json.Text("action").Contains("mass-failure", StringComparison.Ordinal)));
            Assert.That(dead.Since is not null, Is.EqualTo(vector.Json.Text("body").Contains("timestamp", StringComparison.Ordinal)));
        }
    }

    // The comparison is made by who holds the subscriptions; the instant that it is made with comes from here.
    [TestCaseSource(nameof(Timestamps))]
    public void A_token_dies_no_later_than_Apple_says(VectorCase vector)
    {
        var timestamp = vector.Json.GetProperty("timestamp_ms");
        var body = timestamp.ValueKind == JsonValueKind.Number ? $$"""{"reason":"Unregistered","timestamp":{{timestamp.GetInt64()}}}""" : """{"reason":"Unregistered"}""";
        var outcome = ApnsOutcome.Of(ApnsResponse.Read(new VendorAnswer { Status = 410, Body = Encoding.UTF8.GetBytes(body) }), Now);

        var since = ((DeliveryOutcome.TokenDead)outcome).Since ?? Now;

        var renewed = vector.Json.TryGetProperty("stored_token_differs", out var differs) && differs.GetBoolean();
        var registered = DateTimeOffset.FromUnixTimeMilliseconds(vector.Json.GetProperty("registered_ms").GetInt64());
        Assert.That(!renewed && registered <= since, Is.EqualTo(vector.Json.GetProperty("delete").GetBoolean()));
    }

    [TestCaseSource(nameof(Sizes))]
    public void Apples_limits_are_ours(VectorCase vector)
    {
        var most = vector.Json.Text("push_type") == ApnsPushType.Voip ? ApnsNotification.VoipBodyBytesMax : ApnsNotification.BodyBytesMax;

        Assert.That(vector.Json.GetProperty("body_bytes").GetInt32() <= most, Is.EqualTo(vector.Json.GetProperty("expect").GetProperty("status").GetInt32() == 200));
    }

    [TestCaseSource(nameof(Examples))]
    public void A_provider_token_is_signed_as_the_example_is(VectorCase vector)
    {
        var key = vector.Root.GetProperty("key");
        var iat = JsonDocument.Parse(vector.Json.Text("claims_json")).RootElement.GetProperty("iat").GetInt64();
        var clock = new ManualTimeProvider(DateTimeOffset.FromUnixTimeSeconds(iat));
        using var signer = new ProviderTokenSigner(key.Text("private_pkcs8_pem"), key.Text("kid"), key.Text("team_id"), "the vector", clock);

        var parts = signer.Token.Split('.');

        Assert.That($"{parts[0]}.{parts[1]}", Is.EqualTo(vector.Json.Text("signing_input")));
        using var verify = ECDsa.Create();
        verify.ImportFromPem(key.Text("public_spki_pem"));
        Assert.That(verify.VerifyData(Encoding.ASCII.GetBytes(vector.Json.Text("signing_input")), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256));
    }
}
