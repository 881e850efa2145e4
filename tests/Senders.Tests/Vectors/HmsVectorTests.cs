using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HuaweiSender;
using Sotto.Delivery;
using Sotto.Hms;
using Sotto.VendorHttp;

namespace Senders.Tests.Vectors;

[Category("vectors")]
public sealed class HmsVectorTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static IEnumerable<TestCaseData> Whole => VectorFolder.Cases("providers", "hms.json", "whole", root => [root]);

    public static IEnumerable<TestCaseData> OAuthErrors => VectorFolder.Cases("providers", "hms.json", "oauth_errors");

    public static IEnumerable<TestCaseData> Answers => VectorFolder.Cases("providers", "hms.json", "send_responses");

    [TestCaseSource(nameof(Whole))]
    public void An_access_token_is_asked_for_and_read_as_the_vector_says(VectorCase vector)
    {
        var form = vector.Json.GetProperty("oauth_request").Text("body");
        var values = form.Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]), StringComparer.Ordinal);

        Assert.That(HmsTokenEndpoint.Form(values["client_id"], values["client_secret"]), Is.EqualTo(form));
        var given = vector.Json.GetProperty("oauth_response");
        var answer = HmsTokenEndpoint.Read(new VendorAnswer { Status = given.GetProperty("status").GetInt32(), Body = Encoding.UTF8.GetBytes(given.Text("body")) }, Now);
        Assert.That(answer.Token?.Value, Is.EqualTo(given.Text("access_token_decoded")));
    }

    [TestCaseSource(nameof(OAuthErrors))]
    public void Each_error_of_the_token_endpoint_has_its_class(VectorCase vector)
    {
        var answer = new VendorAnswer { Status = vector.Json.GetProperty("status").GetInt32(), Body = Encoding.UTF8.GetBytes(vector.Json.Text("body")) };

        var outcome = HuaweiOutcome.Of(new HmsResponse { NoAccess = HmsTokenEndpoint.Read(answer, Now) }, "token", Now);

        Assert.That(outcome.Class, Is.EqualTo(vector.Json.Text("cls")));
    }

    [TestCaseSource(nameof(Whole))]
    public void A_request_has_the_body_of_its_vector(VectorCase vector)
    {
        using var expected = JsonDocument.Parse(vector.Json.GetProperty("send_request").Text("body"));
        var message = expected.RootElement.GetProperty("message");
        var android = message.GetProperty("android");

        var ours = new HmsMessage
        {
            Data = message.Text("data"),
            Tokens = [.. message.GetProperty("token").EnumerateArray().Select(token => token.GetString()!)],
            Urgency = android.Text("urgency"),
            Ttl = TimeSpan.FromSeconds(int.Parse(android.Text("ttl").TrimEnd('s'), null)),
            CollapseKey = android.GetProperty("collapse_key").GetInt32(),
        };

        using var written = JsonDocument.Parse(ours.ToJson());
        Assert.That(JsonElement.DeepEquals(written.RootElement, expected.RootElement), $"{written.RootElement}");
    }

    [TestCaseSource(nameof(Answers))]
    public void Each_answer_has_its_class(VectorCase vector)
    {
        var response = HmsResponse.Read(new VendorAnswer { Status = vector.Json.GetProperty("http_status").GetInt32(), Body = Encoding.UTF8.GetBytes(vector.Json.Text("body")) });

        Assert.That(response.Code, Is.EqualTo(vector.Json.TextOrNull("code")));
        // A partial success is a class of the whole request; each token has one of its own.
        if (vector.Json.Text("cls") == "PARTIAL")
            Assert.That(response.Code, Is.EqualTo(HmsCode.Partial));
        else
            Assert.That(HuaweiOutcome.Of(response, "token", Now).Class, Is.EqualTo(vector.Json.Text("cls")));
    }

    [TestCaseSource(nameof(Whole))]
    public void A_partial_success_is_told_apart_by_token(VectorCase vector)
    {
        var partial = vector.Json.GetProperty("partial");
        var response = HmsResponse.Read(new VendorAnswer { Status = 200, Body = Encoding.UTF8.GetBytes(partial.Text("body")) });

        foreach (var token in partial.GetProperty("delivered").EnumerateArray())
            Assert.That(HuaweiOutcome.Of(response, token.GetString()!, Now), Is.TypeOf<DeliveryOutcome.Delivered>());
        foreach (var token in partial.GetProperty("dead").EnumerateArray())
            Assert.That(HuaweiOutcome.Of(response, token.GetString()!, Now), Is.TypeOf<DeliveryOutcome.TokenDead>());
    }

    [TestCaseSource(nameof(Whole))]
    public void A_service_accounts_token_is_signed_as_the_vector_says(VectorCase vector)
    {
        var jwt = vector.Json.GetProperty("v3_jwt");
        using var header = JsonDocument.Parse(jwt.Text("header_json"));
        using var claims = JsonDocument.Parse(jwt.Text("claims_json"));
        var clock = new ManualTimeProvider(DateTimeOffset.FromUnixTimeSeconds(claims.RootElement.GetProperty("iat").GetInt64()));
        using var account = new HmsServiceAccount(jwt.Text("private_pkcs8_pem"), header.RootElement.Text("kid"), claims.RootElement.Text("iss"), "the vector", clock);

        var parts = account.Token.Value.Split('.');

        Assert.That($"{parts[0]}.{parts[1]}", Is.EqualTo(jwt.Text("signing_input")));
        using var verify = RSA.Create();
        verify.ImportFromPem(jwt.Text("public_spki_pem"));
        var input = Encoding.ASCII.GetBytes(jwt.Text("signing_input"));
        Assert.That(verify.VerifyData(input, Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pss), "ours");
        Assert.That(verify.VerifyData(input, Base64Url.DecodeFromChars(jwt.Text("one_valid_signature_b64u")), HashAlgorithmName.SHA256, RSASignaturePadding.Pss), "theirs");
    }
}
