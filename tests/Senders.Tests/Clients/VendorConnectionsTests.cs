using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Sotto.Apns;
using Sotto.FakeApns;
using Sotto.FakeProvider;
using Sotto.VendorHttp;

namespace Senders.Tests.Clients;

public sealed class VendorConnectionsTests
{
    [TestCase(1, 200)]
    [TestCase(5, 300)]
    public async Task A_server_that_allows_few_streams_fails_no_request(int streams, int requests)
    {
        await using var apple = await FakeApns.StartAsync(new FakeApnsOptions { MaxStreams = streams, Latency = TimeSpan.FromMilliseconds(2) });
        using var client = Client(apple);

        var responses = await Task.WhenAll(Enumerable.Range(0, requests).Select(_ => SendAsync(client)));

        Assert.That(responses.Select(response => response.Status), Is.All.EqualTo(200));
        Assert.That(client.Connections.Opened, Is.LessThanOrEqualTo(2));
    }

    [Test]
    public async Task Waiting_for_a_stream_is_not_a_slow_answer()
    {
        // Together far longer than one answer may take.
        await using var apple = await FakeApns.StartAsync(new FakeApnsOptions { MaxStreams = 1, Latency = TimeSpan.FromMilliseconds(100) });
        using var client = Client(apple, options => options with { RequestTimeout = TimeSpan.FromSeconds(1), ConnectionsMax = 1 });

        var responses = await Task.WhenAll(Enumerable.Range(0, 25).Select(_ => SendAsync(client)));

        Assert.That(responses.Select(response => response.Status), Is.All.EqualTo(200));
    }

    [Test]
    public async Task A_silent_server_is_a_timeout_and_after_a_few_the_connection_is_left()
    {
        await using var apple = await FakeApns.StartAsync();
        apple.Faults.Add(new Fault { Kind = FaultKind.Forever, Count = 3 });
        using var client = Client(apple, options => options with { RequestTimeout = TimeSpan.FromMilliseconds(300) });

        for (var i = 0; i < 3; i++)
            Assert.That((await SendAsync(client)).Silence, Is.EqualTo(Silences.Timeout));
        Assert.That((await SendAsync(client)).Status, Is.EqualTo(200));

        Assert.That(apple.Ledger.Received.Select(request => request.Connection).Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public async Task A_server_that_nobody_vouches_for_is_not_spoken_to()
    {
        await using var apple = await FakeApns.StartAsync();
        using var client = Client(apple, options => options with { TrustedRoots = null });

        var response = await SendAsync(client);

        Assert.That(response.Silence, Is.EqualTo(Silences.Tls));
        Assert.That(apple.Ledger.Requests, Is.Zero);
    }

    [Test]
    public async Task A_trusted_authority_does_not_excuse_a_wrong_name()
    {
        await using var apple = await FakeApns.StartAsync();
        // The certificate is for localhost and 127.0.0.1.
        using var client = Client(apple, options => options with { Endpoint = new Uri($"https://127.0.0.2:{apple.Endpoint.Port}") });

        var response = await SendAsync(client);

        Assert.That(response.Silence, Is.EqualTo(Silences.Tls).Or.EqualTo(Silences.Unreachable));
        Assert.That(apple.Ledger.Requests, Is.Zero);
    }

    [Test]
    public async Task Nobody_there_is_said_at_once_and_knocked_at_less_and_less()
    {
        var apple = await FakeApns.StartAsync();
        using var client = Client(apple);
        await apple.DisposeAsync();

        var responses = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => SendAsync(client))).WaitAsync(Eventually.Patience);

        Assert.That(responses.Select(response => response.Silence), Is.All.EqualTo(Silences.Unreachable).Or.EqualTo(Silences.Paused));
        Assert.That(client.Connections.Opened, Is.LessThan(5));
        Assert.That((await SendAsync(client)).ResumesIn, Is.GreaterThan(TimeSpan.Zero));
    }

    [Test]
    public async Task Somebody_who_takes_the_connection_and_says_nothing_is_nobody()
    {
        await using var apple = await FakeApns.StartAsync();
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        using var connections = new VendorConnections(
            Options(apple).Connections(certificate: null) with { Endpoint = new Uri($"https://{mute.LocalEndpoint}"), ConnectTimeout = TimeSpan.FromMilliseconds(200) }, TimeProvider.System);

        var answer = await connections.SendAsync(new VendorRequest("/", "text/plain", default), CancellationToken.None).WaitAsync(Eventually.Patience);
        var next = await connections.SendAsync(new VendorRequest("/", "text/plain", default), CancellationToken.None).WaitAsync(Eventually.Patience);

        Assert.That(answer.Silence, Is.EqualTo(Silences.Unreachable));
        Assert.That(answer.ResumesIn, Is.GreaterThan(TimeSpan.Zero));
        Assert.That(next.Silence, Is.EqualTo(Silences.Paused));
    }

    [TestCase(403, "InvalidProviderToken")]
    [TestCase(400, "TopicDisallowed")]
    public async Task After_credentials_were_refused_no_connection_from_before_is_used(int status, string reason)
    {
        await using var apple = await FakeApns.StartAsync();
        apple.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = status, Body = $$"""{"reason":"{{reason}}"}""" });
        using var client = Client(apple);

        Assert.That((await SendAsync(client)).Reason, Is.EqualTo(reason));
        Assert.That((await SendAsync(client)).Status, Is.EqualTo(200));

        Assert.That(apple.Ledger.Received.Select(request => request.Connection).Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public async Task Connections_are_replaced_after_a_day()
    {
        await using var apple = await FakeApns.StartAsync();
        var clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        using var connections = new VendorConnections(Options(apple).Connections(certificate: null), clock);
        await connections.SendAsync(new VendorRequest("/", "text/plain", default), CancellationToken.None);
        await connections.SendAsync(new VendorRequest("/", "text/plain", default), CancellationToken.None);
        Assert.That(connections.Opened, Is.EqualTo(1));

        clock.Advance(TimeSpan.FromHours(25));
        await connections.SendAsync(new VendorRequest("/", "text/plain", default), CancellationToken.None);

        Assert.That(connections.Opened, Is.EqualTo(2));
    }

    [Test]
    public void Openings_are_spaced_and_pause_after_failures()
    {
        var clock = new ManualTimeProvider();
        var pace = new ConnectionPace(TimeSpan.FromSeconds(1), clock);
        Assert.That(pace.OpeningAsync(CancellationToken.None).IsCompleted);
        var second = pace.OpeningAsync(CancellationToken.None);
        Assert.That(second.IsCompleted, Is.False, "one a second");
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(second.IsCompleted);

        for (var (i, pause) = (0, 1); i < 10; i++, pause = Math.Min(2 * pause, 60))
        {
            pace.Failed();
            Assert.That(pace.PausedFor.TotalSeconds, Is.EqualTo(pause));
            Assert.That(() => pace.OpeningAsync(CancellationToken.None), Throws.InstanceOf<ConnectingPausedException>());
            clock.Advance(TimeSpan.FromSeconds(pause));
            Assert.That(pace.OpeningAsync(CancellationToken.None).IsCompleted);
        }

        pace.Succeeded();
        Assert.That(pace.PausedFor, Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void A_clock_that_is_set_back_keeps_nobody_from_connecting()
    {
        var clock = new ManualTimeProvider();
        var pace = new ConnectionPace(TimeSpan.FromSeconds(1), clock);
        Assert.That(pace.OpeningAsync(CancellationToken.None).IsCompleted);
        pace.Failed();

        clock.StepWallClock(TimeSpan.FromHours(-1));
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.That(pace.PausedFor, Is.EqualTo(TimeSpan.Zero));
        Assert.That(pace.OpeningAsync(CancellationToken.None).IsCompleted);
    }

    private static async Task<ApnsResponse> SendAsync(ApnsClient client) =>
        await client.SendAsync(new ApnsNotification(Guid.NewGuid(), Harness.Providers.ApnsToken(), "{\"aps\":{}}"u8.ToArray()), CancellationToken.None);

    private static ApnsClient Client(FakeApns apple, Func<ApnsOptions, ApnsOptions>? change = null)
    {
        var options = Options(apple);
        var signer = new ProviderTokenSigner(apple.Key.PrivatePem!, apple.Key.KeyId, apple.Key.TeamId, "the test", TimeProvider.System);
        return new ApnsClient(change is null ? options : change(options), signer, TimeProvider.System);
    }

    private static ApnsOptions Options(FakeApns apple)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(apple.Authority.Pem);
        return new ApnsOptions { Endpoint = apple.Endpoint, Topic = apple.Topic, TrustedRoots = roots };
    }
}
