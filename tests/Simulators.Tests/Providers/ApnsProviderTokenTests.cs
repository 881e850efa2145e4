using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using NUnit.Framework;
using Sotto.FakeApns;
using Sotto.FakeProvider;
using Sotto.TestSupport;

namespace Simulators.Tests.Providers;

/// <summary>Who may send: the cases of <c>apns-jwt.json</c>, and what belongs to one connection.</summary>
public sealed class ApnsProviderTokenTests
{
    private const string Path = "/3/device/538e71fcd1054fd873e8959bfd057a8d6fcf12c9c42ebc1499ae03fec15ec207";
    private const string Body = """{"aps":{"alert":"x"}}""";

    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    public static IEnumerable<TestCaseData> ServerCases => VectorFolder.Cases("providers", "apns-jwt.json", "server_cases");

    [TestCaseSource(nameof(ServerCases))]
    public async Task A_provider_token_is_judged_as_in_the_vectors(VectorCase vector)
    {
        var clock = new ManualTimeProvider(Start);
        var key = vector.Root.GetProperty("key");
        await using var apple = await FakeApns.StartAsync(new()
        {
            Clock = clock,
            Key = ApnsKey.FromPrivate(key.Text("private_pkcs8_pem"), key.Text("kid"), key.Text("team_id")),
        });
        using var client = ProviderClient.Http2(apple);

        var state = vector.Json.Text("connection_state");
        if (!state.StartsWith("first push", StringComparison.Ordinal))
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            var first = await PushAsync(client, apple, ApnsJwt.Sign(apple.Key, Start));
            Assert.That(first.Status, Is.EqualTo(200), "the push that binds the connection");
        }

        clock.Advance(DateTimeOffset.FromUnixTimeSeconds(vector.Json.GetProperty("now").GetInt64()) - clock.GetUtcNow());
        var answer = await PushAsync(client, apple, vector.Json.TextOrNull("jwt"));

        AssertExpected(answer, vector.Json.GetProperty("expect"));
    }

    [Test]
    public async Task A_signature_in_der_is_taken_too()
    {
        await using var apple = await FakeApns.StartAsync();
        using var client = ProviderClient.Http2(apple);

        var answer = await PushAsync(client, apple, ApnsJwt.Sign(apple.Key, TimeProvider.System.GetUtcNow(), DSASignatureFormat.Rfc3279DerSequence));

        Assert.That(answer.Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_token_from_the_future_is_invalid()
    {
        await using var apple = await FakeApns.StartAsync();
        using var client = ProviderClient.Http2(apple);

        var answer = await PushAsync(client, apple, ApnsJwt.Sign(apple.Key, TimeProvider.System.GetUtcNow().AddMinutes(5)));

        Assert.That((answer.Status, Reason(answer)), Is.EqualTo((403, "InvalidProviderToken")));
    }

    [Test]
    public async Task Requests_with_the_former_token_are_taken_after_a_change()
    {
        var clock = new ManualTimeProvider(Start);
        await using var apple = await FakeApns.StartAsync(new() { Clock = clock });
        using var client = ProviderClient.Http2(apple);
        var former = ApnsJwt.Sign(apple.Key, Start);
        await PushAsync(client, apple, former);
        clock.Advance(TimeSpan.FromMinutes(40));
        await PushAsync(client, apple, ApnsJwt.Sign(apple.Key, clock.GetUtcNow()));

        var answer = await PushAsync(client, apple, former);

        Assert.That(answer.Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Another_key_of_the_team_needs_another_connection()
    {
        var other = ApnsKey.Create("OTHERKEY01");
        await using var apple = await FakeApns.StartAsync(new() { OtherKeys = [other] });
        using var client = ProviderClient.Http2(apple);
        using var fresh = ProviderClient.Http2(apple);
        var now = TimeProvider.System.GetUtcNow();
        await PushAsync(client, apple, ApnsJwt.Sign(apple.Key, now));

        var bound = await PushAsync(client, apple, ApnsJwt.Sign(other, now));
        var free = await PushAsync(fresh, apple, ApnsJwt.Sign(other, now));

        Assert.That((bound.Status, Reason(bound)), Is.EqualTo((403, "UnrelatedKeyIdInToken")));
        Assert.That(free.Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_key_of_the_sandbox_is_refused_in_production()
    {
        var key = ApnsKey.Create() with { Environments = ApnsEnvironments.Sandbox };
        await using var apple = await FakeApns.StartAsync(new() { Key = key });
        using var production = ProviderClient.Http2(apple);
        using var sandbox = new ProviderClient(apple.SandboxEndpoint, apple.CreateHandler(), HttpVersion.Version20);
        var jwt = ApnsJwt.Sign(key, TimeProvider.System.GetUtcNow());

        var refused = await PushAsync(production, apple, jwt);
        var taken = await PushAsync(sandbox, apple, jwt);

        Assert.That((refused.Status, Reason(refused)), Is.EqualTo((403, "BadEnvironmentKeyIdInToken")));
        Assert.That(taken.Status, Is.EqualTo(200));
        Assert.That(taken.Headers, Contains.Key("apns-unique-id"));
    }

    [Test]
    public async Task A_key_for_one_topic_pushes_to_no_other()
    {
        var key = ApnsKey.Create() with { Topics = ["org.example.other"] };
        await using var apple = await FakeApns.StartAsync(new() { Key = key, OtherTopics = ["org.example.other"] });
        using var client = ProviderClient.Http2(apple);

        var answer = await PushAsync(client, apple, ApnsJwt.Sign(key, TimeProvider.System.GetUtcNow()));

        Assert.That((answer.Status, Reason(answer)), Is.EqualTo((400, "TopicDisallowed")));
    }

    [Test]
    public async Task A_certificate_of_one_topic_needs_neither_topic_nor_token()
    {
        await using var apple = await FakeApns.StartAsync();
        using var certificate = apple.IssueCertificate();
        using var client = new ProviderClient(apple.Endpoint, apple.Authority.CreateHandler(certificate), HttpVersion.Version20);

        var answer = await client.PostAsync(Path, Body);

        Assert.That(answer.Status, Is.EqualTo(200), answer.Body);
    }

    [TestCase(ApnsEnvironments.Sandbox, "org.example.sotto", 403, "BadCertificateEnvironment")]
    [TestCase(ApnsEnvironments.Both, "org.example.other", 400, "TopicDisallowed")]
    public async Task A_certificate_is_good_for_what_it_says(ApnsEnvironments environments, string certified, int status, string reason)
    {
        await using var apple = await FakeApns.StartAsync();
        using var certificate = apple.IssueCertificate(environments, certified);
        using var client = new ProviderClient(apple.Endpoint, apple.Authority.CreateHandler(certificate), HttpVersion.Version20);

        var answer = await client.PostAsync(Path, Body, ("apns-topic", apple.Topic));

        Assert.That((answer.Status, Reason(answer)), Is.EqualTo((status, reason)));
    }

    [Test]
    public async Task A_certificate_of_two_topics_must_say_which()
    {
        await using var apple = await FakeApns.StartAsync();
        using var certificate = apple.IssueCertificate(ApnsEnvironments.Both, apple.Topic, "org.example.other");
        using var client = new ProviderClient(apple.Endpoint, apple.Authority.CreateHandler(certificate), HttpVersion.Version20);

        var silent = await client.PostAsync(Path, Body);
        var said = await client.PostAsync(Path, Body, ("apns-topic", apple.Topic));

        Assert.That((silent.Status, Reason(silent)), Is.EqualTo((400, "MissingTopic")));
        Assert.That(said.Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_strangers_certificate_is_bad()
    {
        await using var apple = await FakeApns.StartAsync();
        using var stranger = TestAuthority.Create();
        using var certificate = stranger.IssueClient("CN=somebody");
        using var client = new ProviderClient(apple.Endpoint, apple.Authority.CreateHandler(certificate), HttpVersion.Version20);

        var answer = await client.PostAsync(Path, Body, ("apns-topic", apple.Topic));

        Assert.That((answer.Status, Reason(answer)), Is.EqualTo((403, "BadCertificate")));
    }

    [Test]
    public async Task A_client_of_http_1_is_refused_at_the_handshake()
    {
        await using var apple = await FakeApns.StartAsync();
        using var client = ProviderClient.Http1(apple);

        Assert.That(async () => await client.PostAsync(Path, Body), Throws.InstanceOf<HttpRequestException>());
        Assert.That(apple.Ledger.Requests, Is.Zero);
    }

    internal static string? Reason(Answer answer) => answer.Body.Length == 0 ? null : JsonDocument.Parse(answer.Body).RootElement.Text("reason");

    internal static void AssertExpected(Answer answer, JsonElement expected) =>
        Assert.That((answer.Status, Reason(answer)), Is.EqualTo((expected.GetProperty("status").GetInt32(), expected.TextOrNull("reason"))), answer.Body);

    private static Task<Answer> PushAsync(ProviderClient client, FakeApns apple, string? jwt)
    {
        List<(string, string)> headers = [("apns-topic", apple.Topic), ("apns-push-type", "alert")];
        if (jwt is not null)
            headers.Add(("authorization", "bearer " + jwt));
        return client.PostAsync(Path, Body, [.. headers]);
    }
}
