using ApnsSender;
using FcmSender;
using HuaweiSender;
using Sotto.Apns;
using Sotto.Delivery;
using Sotto.Fcm;
using Sotto.Hms;
using Sotto.VendorHttp;

namespace Senders.Tests.Delivery;

/// <summary>The rows that no vector has: strange answers, and the parts of an outcome beside its class.</summary>
public sealed class OutcomeTableTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [TestCase(200, "", "DELIVERED")]
    [TestCase(200, "noise", "RETRY_LATER")]
    [TestCase(204, "", "RETRY_LATER")]
    [TestCase(301, "", "RETRY_LATER")]
    [TestCase(400, "", "PAYLOAD_BAD")]
    [TestCase(400, "{\"reason\":\"SomethingNew\"}", "PAYLOAD_BAD")]
    [TestCase(400, "{\"reason\":7}", "PAYLOAD_BAD")]
    [TestCase(403, "{\"reason\":\"BadEnvironmentKeyInToken\"}", "CREDENTIAL_BAD")]
    [TestCase(403, "{\"reason\":\"SomethingNew\"}", "PAYLOAD_BAD")]
    [TestCase(410, "<html>gone</html>", "PAYLOAD_BAD")]
    [TestCase(410, "{\"reason\":\"SomethingNew\"}", "PAYLOAD_BAD")]
    [TestCase(429, "", "THROTTLED")]
    [TestCase(500, "[]", "RETRY_LATER")]
    [TestCase(599, "", "RETRY_LATER")]
    public void A_strange_answer_of_Apple_kills_no_token(int status, string body, string expected)
    {
        var outcome = ApnsOutcome.Of(ApnsResponse.Read(Answer(status, body)), Now);

        Assert.That(outcome.Class, Is.EqualTo(expected));
    }

    [TestCase("TooManyRequests", ThrottleScope.Token)]
    [TestCase("TooManyProviderTokenUpdates", ThrottleScope.Provider)]
    public void Apple_throttles_a_device_or_us(string reason, ThrottleScope scope)
    {
        var outcome = ApnsOutcome.Of(ApnsResponse.Read(Answer(429, $$"""{"reason":"{{reason}}"}""")), Now);

        Assert.That(((DeliveryOutcome.Throttled)outcome).Scope, Is.EqualTo(scope));
    }

    [TestCase(200, "", "RETRY_LATER")]
    [TestCase(200, "noise", "RETRY_LATER")]
    [TestCase(200, "{\"name\":7}", "RETRY_LATER")]
    [TestCase(302, "", "RETRY_LATER")]
    [TestCase(400, "", "PAYLOAD_BAD")]
    [TestCase(400, "<html></html>", "RETRY_LATER")]
    [TestCase(403, "<html></html>", "RETRY_LATER")]
    [TestCase(404, "{\"error\":{\"status\":\"NOT_FOUND\",\"details\":[{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\",\"errorCode\":\"SOMETHING_NEW\"}]}}", "PAYLOAD_BAD")]
    [TestCase(404, "{\"error\":{\"details\":[{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\",\"error_code\":\"UNREGISTERED\"}]}}", "TOKEN_DEAD")]
    [TestCase(401, "{\"error\":{\"details\":[{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\",\"errorCode\":\"APNS_AUTH_ERROR\"}]}}", "CREDENTIAL_BAD")]
    [TestCase(400, "{\"error\":{\"message\":[],\"details\":7}}", "PAYLOAD_BAD")]
    [TestCase(504, "", "RETRY_LATER")]
    public void A_strange_answer_of_Google_is_survived(int status, string body, string expected)
    {
        var outcome = FcmOutcome.Of(FcmResponse.Read(Answer(status, body)), Now);

        Assert.That(outcome.Class, Is.EqualTo(expected));
    }

    [TestCase("project:demo", ThrottleScope.App)]
    [TestCase("device:xyz", ThrottleScope.Token)]
    public void Google_throttles_a_device_or_the_project(string subject, ThrottleScope scope)
    {
        var body = $$$"""{"error":{"status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"subject":"{{{subject}}}"}]}]}}""";

        var outcome = FcmOutcome.Of(FcmResponse.Read(Answer(429, body)), Now);

        Assert.That(((DeliveryOutcome.Throttled)outcome).Scope, Is.EqualTo(scope));
    }

    [Test]
    public void Apples_side_of_a_Google_project_does_not_stop_Android()
    {
        const string Body = """{"error":{"details":[{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"THIRD_PARTY_AUTH_ERROR"}]}}""";

        var outcome = FcmOutcome.Of(FcmResponse.Read(Answer(401, Body)), Now);

        Assert.That(((DeliveryOutcome.CredentialBad)outcome).Scope, Is.EqualTo(CredentialScope.Part));
    }

    [TestCase(200, "", "RETRY_LATER")]
    [TestCase(200, "noise", "RETRY_LATER")]
    [TestCase(200, "{\"code\":80000000}", "DELIVERED")]
    [TestCase(400, "{\"code\":\"80000000\"}", "DELIVERED")]
    [TestCase(200, "{\"code\":\"80300007\"}", "TOKEN_DEAD")]
    [TestCase(400, "{\"code\":\"12345678\"}", "PAYLOAD_BAD")]
    [TestCase(400, "", "PAYLOAD_BAD")]
    [TestCase(401, "", "AUTH_REFRESH")]
    [TestCase(200, "{\"code\":\"80100000\",\"msg\":\"not json\"}", "RETRY_LATER")]
    [TestCase(200, "{\"code\":\"80100000\"}", "RETRY_LATER")]
    [TestCase(200, "{\"code\":\"80100000\",\"msg\":\"{\\\"illegal_tokens\\\":[\\\"another\\\"]}\"}", "DELIVERED")]
    [TestCase(200, "{\"code\":\"80100000\",\"msg\":\"{\\\"illegal_tokens\\\":[\\\"token\\\"]}\"}", "TOKEN_DEAD")]
    [TestCase(200, "{\"code\":{}}", "RETRY_LATER")]
    public void A_strange_answer_of_Huawei_is_survived(int status, string body, string expected)
    {
        var outcome = HuaweiOutcome.Of(HmsResponse.Read(Answer(status, body)), "token", Now);

        Assert.That(outcome.Class, Is.EqualTo(expected));
    }

    [Test]
    public void Silence_is_tried_again_when_connecting_makes_sense()
    {
        var silence = new VendorAnswer { Silence = Silences.Paused, ResumesIn = TimeSpan.FromSeconds(20) };

        foreach (var outcome in (DeliveryOutcome[])
            [ApnsOutcome.Of(ApnsResponse.Read(silence), Now), FcmOutcome.Of(FcmResponse.Read(silence), Now), HuaweiOutcome.Of(HmsResponse.Read(silence), "token", Now)])
        {
            Assert.That(((DeliveryOutcome.RetryLater)outcome).Told, Is.EqualTo(TimeSpan.FromSeconds(20)));
            Assert.That(outcome.Reason, Is.EqualTo(Silences.Paused));
        }
    }

    private static readonly int[] Statuses = [200, 400, 401, 403, 404, 410, 413, 429, 500, 503];

    private static readonly string?[] WordsOfApple =
    [
        null, "BadDeviceToken", "DeviceTokenNotForTopic", "BadTopic", "MissingTopic", "TopicDisallowed", "MissingDeviceToken", "PayloadEmpty", "IdleTimeout", "ExpiredProviderToken",
        "InvalidProviderToken", "Forbidden", "BadPath", "Unregistered", "ExpiredToken", "PayloadTooLarge", "TooManyRequests", "InternalServerError", "Shutdown",
    ];

    private static readonly string?[] CodesOfGoogle = [null, "UNREGISTERED", "INVALID_ARGUMENT", "SENDER_ID_MISMATCH", "QUOTA_EXCEEDED", "UNAVAILABLE", "INTERNAL", "THIRD_PARTY_AUTH_ERROR"];

    private static readonly string[] CodesOfHuawei =
    [
        "80000000", "80100001", "80100003", "80100016", "80100017", "80200001", "80200003", "80300002", "80300007", "80300008", "80300010", "80300011", "80300013", "80600003", "81000001",
    ];

    [Test]
    public void Apple_kills_a_token_by_these_words_and_no_others() =>
        Assert.That(
            Deaths(WordsOfApple, (status, word) => ApnsOutcome.Of(ApnsResponse.Read(Answer(status, word is null ? "" : $$"""{"reason":"{{word}}"}""")), Now)),
            Is.EquivalentTo((string[])["400 BadDeviceToken, perhaps our fault", "400 DeviceTokenNotForTopic, perhaps our fault", "410 Unregistered", "410 ExpiredToken"]));

    [Test]
    public void Google_kills_a_token_by_these_words_and_no_others()
    {
        const string Coded = """{"error":{"details":[{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"CODE"}]}}""";

        Assert.That(
            Deaths(CodesOfGoogle, (status, code) => FcmOutcome.Of(
                FcmResponse.Read(Answer(status, code is null ? """{"error":{"message":"text"}}""" : Coded.Replace("CODE", code, StringComparison.Ordinal))), Now)),
            Is.EquivalentTo((string[])["404 UNREGISTERED", "403 SENDER_ID_MISMATCH, perhaps our fault"]));
    }

    [Test]
    public void Huawei_kills_a_token_by_one_code_and_no_other() =>
        Assert.That(
            Deaths(CodesOfHuawei, (status, code) => HuaweiOutcome.Of(HmsResponse.Read(Answer(status, $$"""{"code":"{{code}}","msg":"text"}""")), "token", Now)),
            Is.EquivalentTo(Statuses.Select(status => $"{status} 80300007, perhaps our fault")));

    private static IEnumerable<string> Deaths(IEnumerable<string?> words, Func<int, string?, DeliveryOutcome> outcomeOf) =>
        from status in Statuses
        from word in words
        let dead = outcomeOf(status, word) as DeliveryOutcome.TokenDead
        where dead is not null
        select $"{status} {word ?? "nothing"}{(dead.LooksLikeOurs ? ", perhaps our fault" : "")}";

    private static VendorAnswer Answer(int status, string body) => new() { Status = status, Body = System.Text.Encoding.UTF8.GetBytes(body) };
}
