using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NUnit.Framework;
using Sotto.FakeProvider;
using Sotto.FakeWebPush;
using Sotto.WebPush;

namespace WebPush.Tests;

/// <summary>Whatever a stranger's endpoint, his name server and his web server do, we connect to public addresses alone; over real TLS, with a name server that lies.</summary>
public sealed class ForgeryGuardTests
{
    private const string Host = "push.example.net";

    private static readonly IPAddress Public = IPAddress.Parse("93.184.215.14");
    private static readonly IPAddress OtherPublic = IPAddress.Parse("2606:2800:21f:cb07:6820:80da:af6b:8b2c");

    private readonly ConcurrentQueue<string> _resolved = [];
    private readonly ConcurrentQueue<IPAddress[]> _dialled = [];
    private FakeWebPush _service = null!;

    [SetUp]
    public async Task StartServiceAsync()
    {
        _resolved.Clear();
        _dialled.Clear();
        _service = await FakeWebPush.StartAsync(new FakeWebPushOptions { Host = Host });
    }

    [TearDown]
    public async Task StopServiceAsync() => await _service.DisposeAsync();

    [Test]
    public async Task A_name_is_looked_up_once_and_the_addresses_that_were_checked_are_connected_to()
    {
        using var client = Client(new LyingNames([Public, OtherPublic]));

        var response = await SendAsync(client);

        Assert.That(response.Status, Is.EqualTo(201), response.ToString());
        Assert.That(_resolved, Is.EqualTo(new[] { Host }));
        Assert.That(_dialled.Single(), Is.EqualTo(new[] { Public, OtherPublic }));
    }

    [Test]
    public async Task A_name_that_turns_inward_after_it_was_good_gains_nothing()
    {
        using var client = Client(new LyingNames([Public], [IPAddress.Loopback]));
        Assert.That((await SendAsync(client)).Status, Is.EqualTo(201));

        // As long as the first connection lives it serves; when it has gone, the name is asked again and lies.
        _service.Faults.Add(new Fault { Kind = FaultKind.Close });
        await SendAsync(client);
        var rebound = await SendAsync(client);

        Assert.That(rebound.Silence, Is.EqualTo(WebPushSilences.NotAllowed));
        Assert.That(_dialled, Has.All.EqualTo(new[] { Public }), "nothing else was ever connected to");
        Assert.That(_service.Ledger.Accepted, Is.EqualTo(1));
    }

    [TestCase("127.0.0.1")]
    [TestCase("10.1.2.3")]
    [TestCase("169.254.169.254")]
    [TestCase("100.64.0.1")]
    [TestCase("::1")]
    [TestCase("fe80::1")]
    [TestCase("fd00::1")]
    [TestCase("::ffff:10.0.0.1")]
    [TestCase("64:ff9b::a00:1")]
    [TestCase("198.51.100.7", "198.51.100.0/24")]
    [TestCase("8.8.8.8", "8.8.8.0/24")]
    public async Task One_forbidden_address_among_good_ones_is_enough_to_refuse(string forbidden, string? denied = null)
    {
        var rules = new EndpointRules { DeniedNetworks = denied is null ? [] : [IPNetwork.Parse(denied)] };
        using var client = Client(new LyingNames([Public, IPAddress.Parse(forbidden)]), rules);

        var response = await SendAsync(client);

        Assert.That(response.Silence, Is.EqualTo(WebPushSilences.NotAllowed));
        Assert.That(_dialled, Is.Empty);
    }

    [Test]
    public async Task A_name_that_nobody_knows_is_no_reason_to_fail()
    {
        using var client = Client(new LyingNames());

        Assert.That((await SendAsync(client)).Silence, Is.EqualTo(WebPushSilences.NoSuchName));
    }

    [TestCase("http://169.254.169.254/latest/meta-data/")]
    [TestCase("https://127.0.0.1:8443/")]
    public async Task A_redirect_leads_nowhere(string location)
    {
        _service.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 307, Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Location"] = location } });
        using var client = Client(new LyingNames([Public]));

        Assert.That((await SendAsync(client)).Status, Is.EqualTo(307));
        Assert.That(_resolved, Is.EqualTo(new[] { Host }));
        Assert.That(_dialled, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Of_a_huge_answer_only_the_beginning_is_read()
    {
        _service.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 400, Body = new string('x', 10_000_000) });
        using var client = Client(new LyingNames([Public]));

        var response = await SendAsync(client);

        Assert.That((response.Status, response.Body.Length), Is.EqualTo((400, WebPushClient.AnswerBytesMax)));
    }

    [Test]
    public async Task An_answer_that_never_ends_is_not_waited_for()
    {
        _service.Faults.Add(new Fault { Kind = FaultKind.Forever });
        using var client = Client(new LyingNames([Public]), timeout: TimeSpan.FromSeconds(1));

        Assert.That((await SendAsync(client)).Silence, Is.EqualTo("timeout"));
    }

    [Test]
    public async Task What_is_worthless_before_it_can_be_written_is_not_sent()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        using var client = Client(new LyingNames([Public]), port: ((IPEndPoint)mute.LocalEndpoint).Port);
        var message = new WebPushMessage("hello"u8.ToArray(), TimeSpan.FromMinutes(1), WebPushUrgency.Normal) { SendWithin = TimeSpan.FromMilliseconds(200) };

        var response = await client.SendAsync(Receiver(_service.Subscribe(PushServiceStyle.Rfc, client.PublicKey)), message, CancellationToken.None);

        Assert.That(response.Silence, Is.EqualTo("too late"));
    }

    [Test]
    public async Task What_was_written_in_time_is_waited_for()
    {
        _service.Faults.Add(new Fault { Kind = FaultKind.Delay, DelayMs = 3_000 });
        using var client = Client(new LyingNames([Public]));
        var message = new WebPushMessage("hello"u8.ToArray(), TimeSpan.FromMinutes(1), WebPushUrgency.Normal) { SendWithin = TimeSpan.FromSeconds(2) };

        var response = await client.SendAsync(Receiver(_service.Subscribe(PushServiceStyle.Rfc, client.PublicKey)), message, CancellationToken.None);

        Assert.That(response.Status, Is.EqualTo(201));
    }

    [TestCase("""{"reason":"BadJwtToken"}""", "BadJwtToken")]
    [TestCase("""{"reason":"no topic upAbC123xyz here"}""", null)]
    [TestCase("""{"reason":"upAbC123xyz"}""", null)]
    [TestCase("""{"reason":"no topic upAbC123x..."}""", null)]
    [TestCase("""{"reason":"ask push.example.net"}""", null)]
    [TestCase("""{"code":404,"errno":102,"message":"upAbC123xyz"}""", "errno 102")]
    public void A_reason_that_repeats_the_endpoint_or_a_part_of_it_is_nobodys_to_read(string body, string? reason) =>
        Assert.That(new WebPushResponse { Status = 404, Body = body }.ReasonFor(new Uri("https://push.example.net/upAbC123xyz?up=1")), Is.EqualTo(reason));

    [Test]
    public async Task A_certificate_of_another_name_is_not_believed()
    {
        await using var other = await FakeWebPush.StartAsync(new FakeWebPushOptions { Host = "other.example.net", Authority = _service.Authority });
        using var client = Client(new LyingNames([Public]), port: other.Endpoint.Port);

        Assert.That((await SendAsync(client)).Silence, Is.EqualTo("tls"));
        Assert.That(other.Ledger.Requests, Is.Zero);
    }

    [Test]
    public async Task What_was_sent_is_read_by_a_receiver_that_shares_no_code_with_us()
    {
        using var client = Client(new LyingNames([Public]));
        var plaintext = RandomNumberGenerator.GetBytes(ContentEncryption.PlaintextBytesMax);
        var subscription = _service.Subscribe(PushServiceStyle.Apple, client.PublicKey);

        var response = await client.SendAsync(Receiver(subscription), new WebPushMessage(plaintext, TimeSpan.FromDays(60), WebPushUrgency.High), CancellationToken.None);

        Assert.That(response.Status, Is.EqualTo(201));
        var message = subscription.Inbox.Single();
        Assert.That(message.Plaintext, Is.EqualTo(plaintext));
        Assert.That((message.Urgency, message.TtlSeconds), Is.EqualTo(("high", (long)TimeSpan.FromDays(28).TotalSeconds)));
    }

    private Task<WebPushResponse> SendAsync(WebPushClient client) => client.SendAsync(
        Receiver(_service.Subscribe(PushServiceStyle.Rfc, client.PublicKey)), new WebPushMessage("hello"u8.ToArray(), TimeSpan.FromMinutes(1), WebPushUrgency.Normal), CancellationToken.None);

    private static WebPushSubscription Receiver(Subscription subscription)
    {
        var wrong = WebPushSubscription.TryCreate(subscription.Endpoint.OriginalString, subscription.P256dh, subscription.Auth, new EndpointRules(), out var receiver);
        return receiver ?? throw new InvalidOperationException(wrong);
    }

    private WebPushClient Client(LyingNames names, EndpointRules? rules = null, TimeSpan? timeout = null, int? port = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var options = new WebPushClientOptions
        {
            RequestTimeout = timeout ?? TimeSpan.FromSeconds(30),
            TrustedRoots = [X509Certificate2.CreateFromPem(_service.Authority.Pem)],
        };
        rules ??= new EndpointRules();
        var dialer = new GuardedDialer(rules)
        {
            Resolve = (host, _) =>
            {
                _resolved.Enqueue(host);
                return Task.FromResult(names.Next());
            },
            // Whatever was to be connected to is written down; the test's server is what answers.
            Dial = async (addresses, _, cancellationToken) =>
            {
                _dialled.Enqueue(addresses);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, port ?? _service.Endpoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return new WebPushClient(rules, new VapidSigner(key.ExportPkcs8PrivateKeyPem(), "mailto:operator@example.org", TimeProvider.System), options, dialer);
    }

    /// <summary>A name server that gives one answer after another, and then the last one for ever; without any it knows no name.</summary>
    private sealed class LyingNames(params IPAddress[][] answers)
    {
        private int _asked;

        public IPAddress[] Next() => answers.Length == 0
            ? throw new SocketException((int)SocketError.HostNotFound)
            : answers[Math.Min(_asked++, answers.Length - 1)];
    }
}
