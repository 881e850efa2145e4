using System.Text;
using System.Text.Json;
using FcmSender;
using Sotto.Delivery;
using Sotto.Fcm;
using Sotto.VendorHttp;

namespace Senders.Tests.Vectors;

[Category("vectors")]
public sealed class FcmVectorTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static IEnumerable<TestCaseData> Errors => VectorFolder.Cases("providers", "fcm-errors.json", "cases");

    public static IEnumerable<TestCaseData> Requests => VectorFolder.Cases("providers", "fcm-requests.json", "requests");

    public static IEnumerable<TestCaseData> Sizes => VectorFolder.Cases("providers", "fcm-requests.json", "size_cases");

    public static IEnumerable<TestCaseData> OAuth => VectorFolder.Cases("providers", "fcm-oauth.json", "whole", root => [root]);

    public static IEnumerable<TestCaseData> TokenErrors => VectorFolder.Cases("providers", "fcm-oauth.json", "token_errors");

    [TestCaseSource(nameof(Errors))]
    public void Each_error_has_its_class_and_its_wait(VectorCase vector)
    {
        var retryAfter = vector.Json.TryGetProperty("headers", out var headers) ? headers.TextOrNull("retry-after") : null;
        var answer = new VendorAnswer { Status = vector.Json.GetProperty("status").GetInt32(), Body = Encoding.UTF8.GetBytes(vector.Json.Text("body")), RetryAfter = retryAfter };

        var outcome = FcmOutcome.Of(FcmResponse.Read(answer), Now);

        Assert.That(outcome.Class, Is.EqualTo(vector.Json.Text("cls")));
        var (pace, told) = outcome switch
        {
            DeliveryOutcome.RetryLater later => (later.Pace, later.Told),
            DeliveryOutcome.Throttled throttled => (throttled.Pace, throttled.Told),
            _ => (null, null),
        };
        if (vector.Json.TryGetProperty("delay_seconds", out var delay))
            Assert.That(told ?? pace!.Base, Is.EqualTo(TimeSpan.FromSeconds(delay.GetInt32())));
        if (vector.Json.TryGetProperty("delay_seconds_min", out var least))
            Assert.That(pace!.Base, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(least.GetInt32())));
    }

    [TestCaseSource(nameof(Requests))]
    public void A_request_has_the_body_of_its_vector_and_its_answer_is_read(VectorCase vector)
    {
        using var expected = JsonDocument.Parse(vector.Json.Text("body"));
        var message = expected.RootElement.GetProperty("message");
        var android = message.TryGetProperty("android", out var given) ? given : default;
        var validateOnly = expected.RootElement.TryGetProperty("validate_only", out var only) && only.GetBoolean();

        var ours = new FcmMessage
        {
            Token = message.TextOrNull("token"),
            Fid = message.TextOrNull("fid"),
            Data = [.. message.GetProperty("data").EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, entry.Value.GetString()!))],
            AndroidPriority = android.ValueKind == JsonValueKind.Object ? android.TextOrNull("priority") : null,
            AndroidTtl = android.ValueKind == JsonValueKind.Object && android.TextOrNull("ttl") is { } ttl ? TimeSpan.FromSeconds(int.Parse(ttl.TrimEnd('s'), null)) : null,
            AndroidCollapseKey = android.ValueKind == JsonValueKind.Object ? android.TextOrNull("collapse_key") : null,
            ValidateOnly = validateOnly,
        };

        using var written = JsonDocument.Parse(ours.ToJson());
        Assert.That(JsonElement.DeepEquals(written.RootElement.GetProperty("message"), message), $"{written.RootElement} is not {vector.Json.Text("body")}");
        Assert.That(written.RootElement.GetProperty("validate_only").GetBoolean(), Is.EqualTo(validateOnly));
        var answer = vector.Json.GetProperty("response");
        var response = FcmResponse.Read(new VendorAnswer { Status = answer.GetProperty("status").GetInt32(), Body = Encoding.UTF8.GetBytes(answer.Text("body")) });
        Assert.That(response.Name, Does.StartWith("projects/"));
        Assert.That(FcmOutcome.Of(response, Now), Is.TypeOf<DeliveryOutcome.Delivered>());
    }

    [TestCaseSource(nameof(Sizes))]
    public void Bytes_are_counted_as_Google_counts_them(VectorCase vector)
    {
        var bytes = vector.Json.GetProperty("data_keys_and_values_utf8_bytes").GetInt32();
        KeyValuePair<string, string>[] data = vector.Json.TryGetProperty("data", out var given)
            ? [.. given.EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, entry.Value.GetString()!))]
            : [new("enc_payload", new string('A', bytes - "enc_payloadspns1".Length)), new("spns", "1")];

        var message = new FcmMessage { Token = "t", Data = data };

        Assert.That(message.DataBytes, Is.EqualTo(bytes));
        Assert.That(message.DataBytes <= FcmMessage.DataBytesMax, Is.EqualTo(vector.Json.GetProperty("accepted").GetBoolean()));
    }

    [TestCaseSource(nameof(OAuth))]
    public void The_assertion_and_its_exchange_are_those_of_the_vector(VectorCase vector)
    {
        using var account = ServiceAccount.Parse(vector.Json.GetProperty("service_account_json").GetRawText(), "the vector");
        using var claims = JsonDocument.Parse(vector.Json.Text("claims_json"));

        var assertion = account.SignAssertion(new Uri(claims.RootElement.Text("aud")), DateTimeOffset.FromUnixTimeSeconds(claims.RootElement.GetProperty("iat").GetInt64()));

        Assert.That(assertion, Is.EqualTo(vector.Json.Text("assertion")));
        Assert.That(FcmTokenEndpoint.Form(assertion), Is.EqualTo(vector.Json.GetProperty("token_request").Text("body")));
        Assert.That(account.TokenEndpoint, Is.EqualTo(new Uri(vector.Json.GetProperty("token_request").Text("url"))));
        var given = vector.Json.GetProperty("token_response");
        var answer = FcmTokenEndpoint.Read(new VendorAnswer { Status = given.GetProperty("status").GetInt32(), Body = Encoding.UTF8.GetBytes(given.Text("body")) }, Now);
        using var body = JsonDocument.Parse(given.Text("body"));
        Assert.That(answer.Token?.Value, Is.EqualTo(body.RootElement.Text("access_token")));
        Assert.That(answer.Token?.ExpiresAt, Is.EqualTo(Now.AddSeconds(body.RootElement.GetProperty("expires_in").GetInt32())));
    }

    [TestCaseSource(nameof(TokenErrors))]
    public void Each_error_of_the_token_endpoint_has_its_class(VectorCase vector)
    {
        var answer = new VendorAnswer { Status = vector.Json.GetProperty("status").GetInt32(), Body = Encoding.UTF8.GetBytes(vector.Json.Text("body")) };

        var outcome = FcmOutcome.Of(new FcmResponse { NoAccess = FcmTokenEndpoint.Read(answer, Now) }, Now);

        Assert.That(outcome.Class, Is.EqualTo(vector.Json.Text("cls")));
    }
}
