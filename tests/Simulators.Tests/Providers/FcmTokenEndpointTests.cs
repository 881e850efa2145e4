using System.Text.Json;
using NUnit.Framework;
using Sotto.FakeFcm;
using Sotto.FakeProvider;
using Sotto.TestSupport;

namespace Simulators.Tests.Providers;

/// <summary>How a sender comes by its access token: the assertion of <c>fcm-oauth.json</c>, and every way to get it wrong.</summary>
public sealed class FcmTokenEndpointTests
{
    private const string Scope = "https://www.googleapis.com/auth/firebase.messaging";
    private const string Google = "https://oauth2.googleapis.com/token";

    private static readonly ServiceAccount Account = ServiceAccount.Create();
    private static readonly ServiceAccount Stranger = ServiceAccount.Create();

    private FakeFcm _google = null!;
    private ProviderClient _client = null!;

    public static IEnumerable<TestCaseData> TokenErrors => VectorFolder.Cases("providers", "fcm-oauth.json", "token_errors");

    public static IEnumerable<TestCaseData> WholeFile => VectorFolder.Cases("providers", "fcm-oauth.json", "assertion", root => [root]);

    [SetUp]
    public async Task StartGoogleAsync()
    {
        _google = await FakeFcm.StartAsync(new() { Account = Account });
        _client = ProviderClient.Http1(_google);
    }

    [TearDown]
    public async Task StopGoogleAsync()
    {
        _client.Dispose();
        await _google.DisposeAsync();
    }

    [TestCaseSource(nameof(WholeFile))]
    public async Task The_assertion_of_the_vectors_is_taken(VectorCase vector)
    {
        var account = ServiceAccount.Parse(vector.Json.GetProperty("service_account_json").GetRawText());
        var clock = new ManualTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
        await using var then = await FakeFcm.StartAsync(new() { Account = account, Clock = clock });
        using var sender = ProviderClient.Http2(then);

        var answer = await sender.PostAsync("/token", vector.Json.GetProperty("token_request").Text("body"), ("content-type", "application/x-www-form-urlencoded"));

        var granted = JsonDocument.Parse(answer.Body).RootElement;
        Assert.That(answer.Status, Is.EqualTo(200), answer.Body);
        Assert.That(granted.Text("access_token"), Does.StartWith("ya29."));
        Assert.That((granted.GetProperty("expires_in").GetInt32(), granted.Text("token_type")), Is.EqualTo((3599, "Bearer")));
    }

    [TestCaseSource(nameof(TokenErrors))]
    public async Task Each_error_can_be_scripted(VectorCase vector)
    {
        var (status, body) = (vector.Json.GetProperty("status").GetInt32(), vector.Json.Text("body"));
        _google.Faults.Add(new Fault { Kind = FaultKind.Answer, Path = "/token", Status = status, Body = body });

        var answer = await FcmSender.AskAsync(_client, Assertion());

        Assert.That((answer.Status, answer.Body), Is.EqualTo((status, body)));
    }

    public static IEnumerable<TestCaseData> WrongAssertions()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        yield return Case("signed by a stranger", "invalid_grant", "Signature", Assertion(signer: Stranger with { ClientEmail = Account.ClientEmail, KeyId = Account.KeyId }));
        yield return Case("another key's id", "invalid_grant", "Signature", Assertion(keyId: "another"));
        yield return Case("another algorithm", "invalid_grant", "Signature", Assertion(algorithm: "HS256"));
        yield return Case("unknown account", "invalid_grant", "account not found", WithClaims(Stranger with { ClientEmail = "nobody@example.org" }, Google, now, now + 3600));
        yield return Case("too long a life", "invalid_grant", "60 minutes", WithClaims(Account, Google, now, now + 3601));
        yield return Case("over", "invalid_grant", "60 minutes", WithClaims(Account, Google, now - 3700, now - 100));
        yield return Case("from the future", "invalid_grant", "60 minutes", WithClaims(Account, Google, now + 900, now + 3600));
        yield return Case("another audience", "invalid_grant", "audience", WithClaims(Account, "https://example.org/token", now, now + 3600));
        yield return Case("unknown scope", "invalid_scope", "scope", WithClaims(Account, Google, now, now + 3600, "everything"));
        yield return Case("no claims", "invalid_grant", "Bad Request", Assertion(claims: "{}"));
        yield return Case("no JWT", "invalid_grant", "Bad Request", "not.a.jwt");
        yield return Case("nothing", "invalid_request", "assertion", "");
    }

    [TestCaseSource(nameof(WrongAssertions))]
    public async Task A_wrong_assertion_has_its_error(string assertion, string error, string words)
    {
        var answer = await FcmSender.AskAsync(_client, assertion);

        var refused = JsonDocument.Parse(answer.Body).RootElement;
        Assert.That((answer.Status, refused.Text("error")), Is.EqualTo((400, error)), answer.Body);
        Assert.That(refused.Text("error_description"), Does.Contain(words));
    }

    [Test]
    public async Task Another_grant_type_is_not_supported()
    {
        var answer = await FcmSender.AskAsync(_client, Assertion(), "password");

        Assert.That((answer.Status, JsonDocument.Parse(answer.Body).RootElement.Text("error")), Is.EqualTo((400, "unsupported_grant_type")));
    }

    [Test]
    public async Task The_same_token_is_handed_out_again_while_it_is_young()
    {
        var first = await FcmSender.AccessTokenAsync(_client, _google);
        var second = await FcmSender.AccessTokenAsync(_client, _google);
        _google.Clock.Offset = TimeSpan.FromMinutes(40);
        var third = await FcmSender.AccessTokenAsync(_client, _google);

        Assert.That(second, Is.EqualTo(first));
        Assert.That(third, Is.Not.EqualTo(first));
    }

    [Test]
    public void The_key_file_names_this_endpoint_and_reads_back()
    {
        var file = _google.ServiceAccountJson;

        Assert.That(JsonDocument.Parse(file).RootElement.Text("token_uri"), Is.EqualTo(_google.TokenEndpoint.OriginalString));
        Assert.That(ServiceAccount.Parse(file), Is.EqualTo(Account));
    }

    private static TestCaseData Case(string name, string error, string words, string assertion) =>
        new TestCaseData(assertion, error, words).SetArgDisplayNames(name);

    private static string WithClaims(ServiceAccount account, string audience, long issuedAt, long expiresAt, string scope = Scope) =>
        Assertion(claims: FcmSender.Claims(account, audience, issuedAt, expiresAt, scope));

    private static string Assertion(ServiceAccount? signer = null, string? keyId = null, string algorithm = "RS256", string? claims = null)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var header = $$"""{"alg":"{{algorithm}}","typ":"JWT","kid":"{{keyId ?? Account.KeyId}}"}""";
        return FcmSender.Sign(signer ?? Account, header, claims ?? FcmSender.Claims(Account, Google, now, now + 3600));
    }
}
