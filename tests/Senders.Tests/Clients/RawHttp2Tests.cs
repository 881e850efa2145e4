using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sotto.Apns;
using Sotto.RawHttp2;
using Sotto.VendorHttp;

namespace Senders.Tests.Clients;

/// <summary>Apple's client against a server that moves its limit of streams, goes away in the middle, refuses, falls silent and dawdles.</summary>
public sealed class RawHttp2Tests
{
    private RawHttp2Server _server = null!;

    [SetUp]
    public async Task StartAsync() => _server = await RawHttp2Server.StartAsync(streamsMax: 1);

    [TearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Test]
    public async Task From_one_stream_to_many_and_back_to_one_no_request_fails()
    {
        _server.Answer = _ => new RawAnswer { Delay = TimeSpan.FromMilliseconds(5) };
        using var client = Client();

        var first = SendMany(client, 50);
        await Eventually.BecomesTrueAsync(() => Answered > 10, what: "some went one by one");
        await _server.AnnounceAsync(500);
        var many = SendMany(client, 2000);
        await Eventually.BecomesTrueAsync(() => Answered > 500, what: "many went at one time");
        await _server.AnnounceAsync(1);
        var last = SendMany(client, 200);

        await Task.WhenAll(first, many, last);
        Assert.That((await first).Concat(await many).Concat(await last).Select(response => response.Status), Is.All.EqualTo(200));
        Assert.That(Answered, Is.EqualTo(2250), "each was looked at once");
        Assert.That(client.Connections.Opened, Is.LessThanOrEqualTo(2));
    }

    [Test]
    public async Task Streams_that_a_goaway_leaves_behind_are_sent_again_and_the_others_are_answered()
    {
        await _server.AnnounceAsync(100);
        using var client = Client(options => options with { ConnectionsMax = 1 });
        await SendAsync(client);
        _server.Answer = request => new RawAnswer { Delay = request.Connection == 1 ? TimeSpan.FromSeconds(1) : TimeSpan.Zero };
        var sending = SendMany(client, 40);
        await Eventually.BecomesTrueAsync(() => _server.Requests.Count(request => request.Fate == RequestFate.Open) >= 30, what: "they were under way");

        await _server.GoAwayAsync("""{"reason":"Shutdown"}""", leaveBehind: 10, answerOthers: true);

        Assert.That((await sending).Select(response => response.Status), Is.All.EqualTo(200));
        Assert.That(_server.Requests.Count(request => request.Fate == RequestFate.LeftBehind), Is.GreaterThanOrEqualTo(10));
        Assert.That(Answered, Is.EqualTo(41), "each was answered once");
    }

    [Test]
    public async Task Streams_that_a_goaway_never_answers_are_unknown_and_not_taken_for_delivered()
    {
        await _server.AnnounceAsync(100);
        using var client = Client(options => options with { ConnectionsMax = 1 });
        await SendAsync(client);
        _server.Answer = request => new RawAnswer { Never = request.Connection == 1 };
        var sending = SendMany(client, 20);
        await Eventually.BecomesTrueAsync(() => _server.Requests.Count == 21, what: "they were under way");

        await _server.GoAwayAsync("""{"reason":"Shutdown"}""", leaveBehind: 5, answerOthers: false);

        var responses = await sending;
        Assert.That(responses.Count(response => response.Status == 200), Is.EqualTo(5), "those above the last stream");
        Assert.That(responses.Count(response => response.Silence == Silences.Broken), Is.EqualTo(15));
    }

    [Test]
    public async Task A_refused_stream_is_tried_again_at_once()
    {
        var refusals = 0;
        _server.Answer = _ => Interlocked.Increment(ref refusals) <= 5 ? new RawAnswer { Reset = Http2Error.RefusedStream } : new RawAnswer();
        using var client = Client();

        var responses = await SendMany(client, 20);

        Assert.That(responses.Select(response => response.Status), Is.All.EqualTo(200));
    }

    [Test]
    public async Task What_has_become_worthless_while_it_waited_for_a_stream_is_not_sent()
    {
        _server.Answer = _ => new RawAnswer { Delay = TimeSpan.FromSeconds(3) };
        using var client = Client(options => options with { ConnectionsMax = 1 });
        var slow = SendAsync(client);
        await Eventually.BecomesTrueAsync(() => _server.Requests.Count == 1, what: "the only stream was taken");
        var now = TimeProvider.System.GetUtcNow();

        var late = await client.SendAsync(Notification() with { NotAfter = now.AddSeconds(1) }, CancellationToken.None);
        var tooLate = await client.SendAsync(Notification() with { NotAfter = now }, CancellationToken.None);

        Assert.That(late.Silence, Is.EqualTo(Silences.TooLate));
        Assert.That(tooLate.Silence, Is.EqualTo(Silences.TooLate));
        Assert.That((await slow).Status, Is.EqualTo(200));
        Assert.That(_server.Requests, Has.Count.EqualTo(1));
    }

    [TestCase(Http2Error.Internal)]
    [TestCase(Http2Error.EnhanceYourCalm)]
    public async Task A_stream_that_breaks_later_is_unknown(Http2Error code)
    {
        _server.Answer = _ => new RawAnswer { Reset = code };
        using var client = Client();

        Assert.That((await SendAsync(client)).Silence, Is.EqualTo(Silences.Broken));
    }

    [Test]
    public async Task A_connection_that_falls_silent_is_left()
    {
        await _server.AnnounceAsync(100);
        using var client = Client(options => options with { RequestTimeout = TimeSpan.FromSeconds(1), ConnectionsMax = 1 });
        await SendAsync(client);
        _server.Freeze();

        var lost = await SendMany(client, 10);
        var next = await SendAsync(client);

        Assert.That(lost.Select(response => response.Silence), Is.All.EqualTo(Silences.Timeout));
        Assert.That(next.Status, Is.EqualTo(200));
        Assert.That(_server.Connections, Is.EqualTo(2));
    }

    [Test]
    public async Task An_answer_that_drips_is_a_timeout_for_it_alone()
    {
        await _server.AnnounceAsync(100);
        using var client = Client(options => options with { RequestTimeout = TimeSpan.FromSeconds(2) });
        await SendAsync(client);
        _server.Answer = request => request.Path.EndsWith("slow", StringComparison.Ordinal)
            ? new RawAnswer { Status = 400, Body = """{"reason":"BadDeviceToken"}""", Drip = TimeSpan.FromSeconds(1) }
            : new RawAnswer();

        var slow = client.SendAsync(new ApnsNotification(Guid.NewGuid(), "slow", "{}"u8.ToArray()), CancellationToken.None);
        var others = await SendMany(client, 50);

        Assert.That(others.Select(response => response.Status), Is.All.EqualTo(200));
        Assert.That((await slow).Silence, Is.EqualTo(Silences.Timeout));
    }

    private int Answered => _server.Requests.Count(request => request.Fate == RequestFate.Answered);

    private static async Task<ApnsResponse[]> SendMany(ApnsClient client, int count) => await Task.WhenAll(Enumerable.Range(0, count).Select(_ => SendAsync(client)));

    private static Task<ApnsResponse> SendAsync(ApnsClient client) => client.SendAsync(Notification(), CancellationToken.None);

    private static ApnsNotification Notification() => new(Guid.NewGuid(), Harness.Providers.ApnsToken(), "{\"aps\":{}}"u8.ToArray());

    private ApnsClient Client(Func<ApnsOptions, ApnsOptions>? change = null)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(_server.Authority.Pem);
        var options = new ApnsOptions { Endpoint = _server.Endpoint, Topic = "org.example.sotto", TrustedRoots = roots };
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signer = new ProviderTokenSigner(key.ExportPkcs8PrivateKeyPem(), "ABC123DEFG", "DEF123GHIJ", "the test", TimeProvider.System);
        return new ApnsClient(change is null ? options : change(options), signer, TimeProvider.System);
    }
}
