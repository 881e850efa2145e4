using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Cli.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Sotto.Contracts;
using Sotto.FakeApns;
using Sotto.FakePhone;
using Sotto.FakeProvider;
using Sotto.SenderKit;
using SubscriptionApi.Stats;
using SubscriptionApi.Tests.Support;

namespace Cli.Tests.Stats;

/// <summary><c>sotto stats</c> and <c>GET /admin/stats</c>.</summary>
public sealed class StatsTests
{
    private const string Token = "a-token-of-some-length";

    private ApiUnderTest _api = null!;
    private string _tokenFile = "";

    private InstanceStore Store => _api.Services.GetRequiredService<InstanceStore>();

    [SetUp]
    public async Task StartAsync()
    {
        _tokenFile = Path.GetTempFileName();
        await File.WriteAllTextAsync(_tokenFile, Token + "\n");
        _api = await ApiUnderTest.StartedAsync(settings: $"--Admin:TokenFile={_tokenFile}");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _api.DisposeAsync();
        File.Delete(_tokenFile);
    }

    [Test]
    public async Task Counters_of_all_instances_add_up_and_neither_repetition_nor_a_restart_counts_twice()
    {
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        await ReportAsync(first, 1, 10);
        await ReportAsync(first, 2, 15);
        await ReportAsync(first, 2, 15);
        await ReportAsync(first, 1, 10);
        await ReportAsync(second, 1, 7);

        var stats = (await Operator.TypesAsync(_api, "stats", "--json")).Json;

        var apns = stats.GetProperty("notifier").GetProperty("apns");
        Assert.That(apns.GetProperty("notifies").GetInt64(), Is.EqualTo(22));
        Assert.That(apns.GetProperty("notifies_per_day.60m").GetInt64(), Is.EqualTo(22 * 24));
        Assert.That(stats.GetProperty("alive.apns").GetBoolean(), Is.True);
        Assert.That(stats.GetProperty("last.apns").GetInt64(), Is.EqualTo(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()).Within(60));
        foreach (var name in (string[])["notifications", "pushes", "subscription", "sub_renew", "block_hash", "block_height", "swarms", "snodes", "accounts_monitored", "connections", "pending_connections", "uptime"])
            Assert.That(stats.TryGetProperty(name, out _), Is.True, name);
        Assert.That(stats.GetProperty("subscriptions").GetProperty("total").GetInt64(), Is.Zero);
    }

    [Test]
    public async Task An_instance_that_was_forgotten_is_counted_on_from_what_it_says_when_it_is_heard_again()
    {
        var (now, instance) = (TimeProvider.System.GetUtcNow(), Guid.NewGuid());
        var startedAt = now.AddDays(-3);
        await ReportAsync(instance, 1, 10, startedAt, startedAt);
        await Store.ForgetAsync(now, CancellationToken.None);
        await ReportAsync(instance, 50_000, 14, startedAt);
        await ReportAsync(instance, 50_001, 16, startedAt);
        // A young one whose first reports were lost.
        await ReportAsync(Guid.NewGuid(), 3, 5);

        var stats = (await Operator.TypesAsync(_api, "stats", "--json")).Json;

        Assert.That(stats.GetProperty("notifier").GetProperty("apns").GetProperty("notifies").GetInt64(), Is.EqualTo(10 + 2 + 5));
    }

    [Test]
    public async Task A_sender_that_has_been_away_for_days_is_told_as_not_alive()
    {
        var lastReport = TimeProvider.System.GetUtcNow().AddDays(-3);
        // No sender of this provider has run in this process, so none shows up in what the API itself reports.
        await ReportAsync(Guid.NewGuid(), 1, 10, lastReport, lastReport, "huawei");
        await Store.ForgetAsync(TimeProvider.System.GetUtcNow(), CancellationToken.None);

        var stats = (await Operator.TypesAsync(_api, "stats", "--json")).Json;

        Assert.That(stats.GetProperty("last.huawei").GetInt64(), Is.EqualTo(lastReport.ToUnixTimeSeconds()));
        Assert.That(stats.GetProperty("alive.huawei").GetBoolean(), Is.False);
    }

    [Test]
    public async Task A_push_that_is_taken_at_its_third_attempt_is_one_retry_and_one_that_is_taken_at_once_is_none()
    {
        await using var apple = await FakeApns.StartAsync();
        apple.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 500, Body = "", Count = 2 });
        await using var sender = await SenderUnderTest.PrepareAsync(ApnsSender.Program.Build, _api.Broker);
        sender.Settings["Tls:TrustedCa"] = sender.Write("ca.pem", apple.Authority.Pem);
        sender.Settings["Apns:Endpoint"] = apple.Endpoint.ToString();
        sender.Settings["Apns:Topic"] = apple.Topic;
        sender.Settings["Apns:KeyFile"] = sender.Write("key.p8", apple.Key.PrivatePem!);
        sender.Settings["Apns:KeyId"] = apple.Key.KeyId;
        sender.Settings["Apns:TeamId"] = apple.Key.TeamId;
        sender.Settings["Apns:SealingKeyFile"] = sender.SealingKeyFile();
        sender.Settings["Delivery:ParkingSeconds"] = "1";
        await sender.RunAsync();

        await sender.Bus.PushAsync(SenderUnderTest.Push("apns", FakePhone.Create().TokenFor("apns")));
        await Eventually.BecomesTrueAsync(() => sender.Bus.Accepted.Any(report => report.Attempts == 3), what: "the third attempt was taken");
        await sender.Bus.PushAsync(SenderUnderTest.Push("apns", FakePhone.Create().TokenFor("apns")));

        // The API runs in the same process, and reports the same counters once more.
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                var notifiers = (await Operator.TypesAsync(_api, "stats", "--json")).Json.GetProperty("notifier");
                return notifiers.TryGetProperty("apns", out var apns) && apns.GetProperty("notify_retries").GetInt64() is var retries && retries > 0
                    && apns.GetProperty("notifies").GetInt64() == 2 * retries;
            },
            what: "one of two was a retry");
    }

    [Test]
    public async Task The_network_is_told_as_the_farthest_listener_that_runs_sees_it()
    {
        var now = TimeProvider.System.GetUtcNow();
        await ListenAsync(now, height: 700, swarms: 30, accounts: 11, "aa");
        await ListenAsync(now, height: 701, swarms: 31, accounts: 22, "bb");
        await ListenAsync(now.AddMinutes(-5), height: 900, swarms: 99, accounts: 44, "cc");

        var stats = (await Operator.TypesAsync(_api, "stats", "--json")).Json;

        Assert.That(stats.GetProperty("block_hash").GetString(), Is.EqualTo("bb"));
        Assert.That(stats.GetProperty("block_height").GetInt64(), Is.EqualTo(701));
        Assert.That(stats.GetProperty("swarms").GetInt64(), Is.EqualTo(31));
        Assert.That(stats.GetProperty("accounts_monitored").GetInt64(), Is.EqualTo(33));
    }

    [Test]
    public async Task Clients_that_subscribe_and_renew_are_counted_in_all_and_for_their_service()
    {
        var (apple, google) = (FakePhone.Create(), FakePhone.Create());
        await apple.SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        await google.SubscribeAsync(_api.Http, _api.Address, "firebase", [0]);
        for (var i = 0; i < 2; i++)
            await google.SubscribeAsync(_api.Http, _api.Address, "firebase", [0]);

        await Eventually.BecomesTrueAsync(
            async () =>
            {
                var stats = (await Operator.TypesAsync(_api, "stats", "--json")).Json;
                return Count(stats, "subscription") == 2 && Count(stats, "sub_renew") == 2 && Count(Of("apns"), "subscription") == 1
                    && Count(Of("firebase"), "subscription") == 1 && Count(Of("firebase"), "sub_renew") == 2 && Count(stats.GetProperty("subscriptions"), "total") == 2;

                JsonElement Of(string service) => stats.GetProperty("notifier").GetProperty(service);
            },
            what: "all were counted");

        static long Count(JsonElement counts, string name) => counts.GetProperty(name).GetInt64();
    }

    [Test]
    public async Task A_running_service_reports_itself_over_the_bus()
    {
        await Eventually.BecomesTrueAsync(
            async () => (await Operator.TypesAsync(_api, "stats", "--json")).Json.GetProperty("instances").EnumerateObject().Any(service => service.Value.GetInt32() == 1),
            what: "the SubscriptionApi had reported itself");
        Assert.That((await Operator.TypesAsync(_api, "stats")).Output, Does.Contain("subscriptions").And.Contain("uptime"));
    }

    [Test]
    public async Task The_endpoint_answers_only_who_holds_the_token_and_only_at_the_address_for_health()
    {
        Assert.That((await GetAsync(_api.Addresses[0], null)).StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That((await GetAsync(_api.Addresses[0], "another-token-of-some-length")).StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That((await GetAsync(_api.Address, Token)).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));

        using var answer = await GetAsync(_api.Addresses[0], Token);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        using var json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
        Assert.That(json.RootElement.GetProperty("subscriptions").GetProperty("total").GetInt64(), Is.Zero);
    }

    [Test]
    public async Task Without_a_token_the_endpoint_does_not_exist()
    {
        await using var api = await ApiUnderTest.StartedAsync();

        Assert.That((await GetAsync(api.Addresses[0], Token)).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    private Task ReportAsync(Guid instance, long sequence, double accepted, DateTimeOffset? startedAt = null, DateTimeOffset? at = null, string provider = "apns") => Store.TakeAsync(
        new ServiceStats
        {
            Service = "ApnsSender",
            Instance = instance,
            Sequence = sequence,
            StartedAt = startedAt ?? TimeProvider.System.GetUtcNow().AddMinutes(-1),
            Counters = new Dictionary<string, double> { [$"sotto_push_ends{{provider=\"{provider}\",end=\"accepted\"}}"] = accepted },
            Gauges = new Dictionary<string, double> { [$"sotto_push_in_flight{{provider=\"{provider}\"}}"] = 0 },
        },
        at ?? TimeProvider.System.GetUtcNow(),
        CancellationToken.None);

    private Task ListenAsync(DateTimeOffset at, long height, int swarms, int accounts, string hash) => Store.TakeAsync(
        new ServiceStats
        {
            Service = "SwarmListener",
            Instance = Guid.NewGuid(),
            Sequence = 1,
            StartedAt = at,
            Counters = new Dictionary<string, double>(),
            Gauges = new Dictionary<string, double> { ["sotto_listener_height"] = height, ["sotto_listener_swarms"] = swarms, ["sotto_listener_accounts"] = accounts },
            Facts = new Dictionary<string, string> { ["block_hash"] = hash },
        },
        at,
        CancellationToken.None);

    private async Task<HttpResponseMessage> GetAsync(Uri address, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/admin/stats"));
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await _api.Http.SendAsync(request, CancellationToken.None);
    }
}
