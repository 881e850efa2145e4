using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using Sotto.TestSupport;
using Sotto.WebPush;

namespace WebPush.Tests;

[Category("vectors")]
public sealed class EndpointTests
{
    private static readonly JsonElement UnifiedPush = WebPushVectors.File("webpush-unifiedpush.json");
    private static readonly JsonElement Vapid = WebPushVectors.File("vapid.json");
    private static readonly DateTimeOffset Noon = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    [TestCaseSource(nameof(Endpoints))]
    public void An_endpoint_leads_where_a_stranger_may_lead_us_or_is_refused(JsonElement @case)
    {
        var wrong = new EndpointRules().Refuses(@case.Text("url"), out var uri);

        Assert.That(wrong is null, Is.EqualTo(@case.GetProperty("ok").GetBoolean()), $"{wrong} {@case.Text("why")}");
        Assert.That(uri is null, Is.EqualTo(wrong is not null));
    }

    [TestCaseSource(nameof(Forbidden))]
    public void An_address_of_a_private_network_is_not_public(JsonElement address) =>
        Assert.That(PublicAddress.Is(IPAddress.Parse(address.GetString()!)), Is.False);

    [TestCaseSource(nameof(Allowed))]
    public void An_address_of_the_internet_is_public(JsonElement address) =>
        Assert.That(PublicAddress.Is(IPAddress.Parse(address.GetString()!)), Is.True);

    [TestCaseSource(nameof(Audiences))]
    public void A_token_is_for_the_origin_of_the_endpoint(JsonElement @case) =>
        Assert.That(VapidSigner.Origin(new Uri(@case.Text("endpoint"))), Is.EqualTo(@case.Text("aud")));

    [Test]
    public void A_token_verifies_with_the_public_key_and_says_what_the_example_says()
    {
        var key = Vapid.GetProperty("key");
        using var signer = new VapidSigner(key.Text("private_pkcs8_pem"), "mailto:push@example.org", new ManualTimeProvider(Noon));

        var authorization = signer.AuthorizationFor(new Uri("https://updates.push.services.mozilla.com/wpush/v2/gAAA"));

        Assert.That(signer.PublicKey, Is.EqualTo(key.Text("public_uncompressed_b64u")));
        var token = authorization["vapid t=".Length..authorization.IndexOf(',', StringComparison.Ordinal)];
        var parts = token.Split('.');
        Assert.That(Decode(parts[0]), Is.EqualTo(Vapid.GetProperty("example").Text("header_json")));
        Assert.That(Decode(parts[1]), Is.EqualTo(Vapid.GetProperty("example").Text("claims_json")));
        using var verifier = ECDsa.Create();
        verifier.ImportFromPem(key.Text("public_spki_pem"));
        Assert.That(
            verifier.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256), Is.True);
        Assert.That(authorization, Does.EndWith($", k={key.Text("public_uncompressed_b64u")}"));
    }

    [Test]
    public void A_token_is_kept_for_half_its_life_and_then_renewed()
    {
        var clock = new ManualTimeProvider(Noon);
        using var signer = new VapidSigner(Vapid.GetProperty("key").Text("private_pkcs8_pem"), "https://example.org/contact", clock);
        var endpoint = new Uri("https://push.example.net/p/abc");
        var first = signer.AuthorizationFor(endpoint);

        clock.Advance(VapidSigner.TokenLife / 2 - TimeSpan.FromSeconds(1));
        Assert.That(signer.AuthorizationFor(endpoint), Is.EqualTo(first));

        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(signer.AuthorizationFor(endpoint), Is.Not.EqualTo(first));
    }

    [TestCase("push@example.org")]
    [TestCase("mailto: push@example.org")]
    [TestCase("mailto:push@localhost")]
    [TestCase("http://example.org")]
    [TestCase("https://localhost/")]
    public void A_contact_that_Apple_refuses_is_refused_at_start(string subject) =>
        Assert.That(() => new VapidSigner(Vapid.GetProperty("key").Text("private_pkcs8_pem"), subject, TimeProvider.System), Throws.ArgumentException);

    private static string Decode(string part) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(part));

    private static IEnumerable<TestCaseData> Endpoints() => WebPushVectors.Cases(UnifiedPush.GetProperty("endpoint_cases"));

    private static IEnumerable<TestCaseData> Forbidden() => WebPushVectors.Cases(UnifiedPush.GetProperty("forbidden_addresses"));

    private static IEnumerable<TestCaseData> Allowed() => WebPushVectors.Cases(UnifiedPush.GetProperty("allowed_addresses"));

    private static IEnumerable<TestCaseData> Audiences() => WebPushVectors.Cases(Vapid.GetProperty("aud_cases"));
}
