using System.Text;
using NUnit.Framework.Constraints;
using Sotto.FakeSwarm.Zmq;
using Sotto.OxenMq;
using Sotto.TestSupport;

namespace OxenMq.Tests;

/// <summary>How connections come about, break, and are noticed to have broken (oxenmq sections 1 and 3).</summary>
public sealed class ConnectionTests
{
    private const int NobodysPort = 1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(1_500);
    private static readonly TimeSpan NothingMore = TimeSpan.FromMilliseconds(500);

    [Test]
    public async Task Our_routing_id_is_L_and_our_public_key_with_and_without_encryption()
    {
        using var curve = RawListener.Curve();
        using var plain = RawListener.Plain();
        using var observed = new ObservedClient();
        byte[] expected = [(byte)'L', .. observed.Keys.PublicKey.Span];

        await observed.ConnectAsync(curve);
        await observed.ConnectAsync(plain);

        Assert.That(curve.Client, Is.EqualTo(expected));
        Assert.That(plain.Client, Is.EqualTo(expected));
    }

    [Test]
    public async Task A_listener_on_a_Unix_socket_is_reached()
    {
        var path = Path.Combine(Path.GetTempPath(), $"oxenmq-{Guid.NewGuid():N}");
        using var listener = RawListener.Plain("ipc://" + path);
        using var observed = new ObservedClient();

        var peer = await observed.ConnectAsync(listener);

        Assert.That(peer.State, Is.EqualTo(OxenMqPeerState.Connected));
    }

    [Test]
    public async Task A_peer_of_another_key_is_given_up_and_the_handshake_named_as_the_reason()
    {
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient(options => options with { HelloTimeout = Short });
        var other = OxenMqKeyPair.Generate();

        var peer = observed.Client.Connect(OxenMqAddress.Curve("127.0.0.1", Port(listener), other.PublicKey.Span));

        Assert.That(await observed.NextAsync(), Is.EqualTo("failed: HandshakeFailed"));
        Assert.That(peer.State, Is.EqualTo(OxenMqPeerState.Closed));
        Assert.That(await listener.TryReceiveAsync(NothingMore), Is.Null);
    }

    [Test]
    public async Task A_peer_where_nobody_listens_is_given_up_as_unreachable()
    {
        using var observed = new ObservedClient(options => options with { HelloTimeout = Short });

        observed.Client.Connect(OxenMqAddress.Curve("127.0.0.1", NobodysPort, OxenMqKeyPair.Generate().PublicKey.Span));

        Assert.That(await observed.NextAsync(), Is.EqualTo("failed: Unreachable"));
    }

    [Test]
    public async Task A_peer_that_does_not_say_HELLO_is_given_up_after_10_seconds()
    {
        var clock = new ManualTimeProvider();
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient(options => options with { Clock = clock });
        observed.Client.Connect(listener.Address);
        Assert.That(await listener.ReceiveAsync(), Is.EqualTo(new[] { "HI" }));

        clock.Advance(TimeSpan.FromSeconds(9.9));
        await Task.Delay(NothingMore, TimeProvider.System);
        Assert.That(observed.HasSeenNothing);

        clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.That(await observed.NextAsync(), Is.EqualTo("failed: NoHello"));
    }

    [Test]
    public async Task A_listener_that_opens_late_but_in_time_is_reached()
    {
        using var listener = RawListener.Curve();
        listener.Close();
        using var observed = new ObservedClient();
        observed.Client.Connect(listener.Address);

        await listener.ReopenAsync();
        await listener.GreetAsync();

        Assert.That(await observed.NextAsync(), Is.EqualTo("connected"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_silent_reconnect_is_noticed_and_greeted_and_told(bool byName)
    {
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient();
        var address = byName ? OxenMqAddress.Curve("localhost", Port(listener), listener.Keys!.PublicKey.Span) : listener.Address;
        var peer = observed.Client.Connect(address);
        await listener.GreetAsync();
        Assert.That(await observed.NextAsync(), Is.EqualTo("connected"));

        for (var restart = 0; restart < 2; restart++)
        {
            listener.Close();
            Assert.That(await observed.NextAsync(), Is.EqualTo("disconnected"));
            Assert.That(peer.State, Is.EqualTo(OxenMqPeerState.Lost));

            await listener.ReopenAsync();
            await listener.GreetAsync();
            Assert.That(await observed.NextAsync(), Is.EqualTo("reconnected"));
        }

        var reply = observed.Client.RequestAsync(peer, "t.echo", []);
        var request = await listener.ReceiveAsync();
        while (request is ["HI"])
            request = await listener.ReceiveAsync();
        listener.Send("REPLY", request[1]);
        Assert.That(await reply.WaitAsync(Patience), Is.Empty);
    }

    [Test]
    public async Task A_reconnected_listener_that_does_not_say_HELLO_is_given_up()
    {
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient(options => options with { HelloTimeout = Short });
        await observed.ConnectAsync(listener);

        listener.Close();
        Assert.That(await observed.NextAsync(), Is.EqualTo("disconnected"));
        await listener.ReopenAsync();

        Assert.That(await observed.NextAsync(), Is.EqualTo("failed: NoHello"));
    }

    [Test]
    public async Task A_connection_that_another_process_took_over_is_noticed_and_taken_back()
    {
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient(options => options with { ProbeInterval = TimeSpan.FromMilliseconds(500), HelloTimeout = Short });
        await observed.ConnectAsync(listener);

        using var context = new RawContext();
        using var thief = Thief(context, listener);
        thief.TrySend("HI"u8.ToArray());
        await AnswerGreetingsUntilAsync(listener, observed, "disconnected");
        Assert.That(observed.Client.Counters.DeafConnections, Is.EqualTo(1));

        await AnswerGreetingsUntilAsync(listener, observed, "reconnected");
    }

    [Test]
    public async Task A_request_that_times_out_on_a_silent_connection_is_followed_by_a_greeting()
    {
        var clock = new ManualTimeProvider();
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient(options => options with { Clock = clock });
        var peer = await observed.ConnectAsync(listener);
        clock.Advance(TimeSpan.FromSeconds(1));
        var reply = observed.Client.RequestAsync(peer, "t.echo", []);
        _ = await listener.ReceiveAsync();

        clock.Advance(TimeSpan.FromSeconds(14.9));
        await Task.Delay(NothingMore, TimeProvider.System);
        Assert.That(reply.IsCompleted, Is.False);

        clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.That(async () => await reply.WaitAsync(Patience), ThrowsFailure(OxenMqFailure.Timeout));
        Assert.That(await listener.ReceiveAsync(), Is.EqualTo(new[] { "HI" }));

        // Nobody answers, so the connection is made anew.
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.That(await observed.NextAsync(), Is.EqualTo("disconnected"));
        await listener.GreetAsync();
        Assert.That(await observed.NextAsync(), Is.EqualTo("reconnected"));
    }

    [Test]
    public async Task A_peer_that_is_heard_now_and_then_is_not_probed()
    {
        var clock = new ManualTimeProvider();
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient(options => options with { Clock = clock });
        await observed.ConnectAsync(listener);

        for (var i = 0; i < 4; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(40));
            listener.Send("notify.message", "x");
            Assert.That(await observed.NextAsync(), Is.EqualTo("message of 1"));
        }

        Assert.That(await listener.TryReceiveAsync(NothingMore), Is.Null);
        clock.Advance(TimeSpan.FromSeconds(60));
        await listener.GreetAsync();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_part_of_exactly_the_limit_passes_and_one_byte_more_costs_the_connection_which_is_made_anew(bool isCurve)
    {
        const int Limit = 100_000;
        using var listener = isCurve ? RawListener.Curve() : RawListener.Plain();
        using var observed = new ObservedClient(options => options with { PartBytesMax = Limit });
        await observed.ConnectAsync(listener);

        listener.Send("notify.message"u8.ToArray(), new byte[Limit]);
        Assert.That(await observed.NextAsync(), Is.EqualTo($"message of {Limit}"));

        listener.Send("notify.message"u8.ToArray(), new byte[Limit + 1]);
        Assert.That(await observed.NextAsync(), Is.EqualTo("disconnected"));
        await listener.GreetAsync();
        Assert.That(await observed.NextAsync(), Is.EqualTo("reconnected"));
    }

    [Test]
    public async Task A_request_that_is_too_large_for_the_listener_fails_and_the_connection_comes_back()
    {
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient();
        var peer = await observed.ConnectAsync(listener);

        var reply = observed.Client.RequestAsync(peer, "t.echo", [new byte[(10 * 1024 * 1024) + 1]]);

        Assert.That(async () => await reply.WaitAsync(Patience), ThrowsFailure(OxenMqFailure.Disconnected));
        Assert.That(await observed.NextAsync(), Is.EqualTo("disconnected"));
        await listener.GreetAsync();
        Assert.That(await observed.NextAsync(), Is.EqualTo("reconnected"));
    }

    [Test]
    public async Task BYE_closes_the_connection_for_good()
    {
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient();
        var peer = await observed.ConnectAsync(listener);
        var reply = observed.Client.RequestAsync(peer, "t.echo", []);
        _ = await listener.ReceiveAsync();

        listener.Send("BYE");

        Assert.That(await observed.NextAsync(), Is.EqualTo("failed: Goodbye"));
        Assert.That(async () => await reply.WaitAsync(Patience), Throws.InstanceOf<OxenMqException>());
        Assert.That(peer.State, Is.EqualTo(OxenMqPeerState.Closed));
        Assert.That(await listener.TryReceiveAsync(NothingMore), Is.Null);
        Assert.That(listener.Send("notify.message", "x"), Is.False);
    }

    [Test]
    public async Task A_peer_closed_by_us_hears_and_says_nothing_more_and_can_be_connected_again()
    {
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient();
        var peer = await observed.ConnectAsync(listener);

        observed.Client.Disconnect(peer);
        await Eventually.BecomesTrueAsync(() => !listener.Send("notify.message", "x"));

        await ConnectAgainAsync(observed, listener);
        listener.Send("notify.message", "xy");
        Assert.That(await observed.NextAsync(), Is.EqualTo("message of 2"));
    }

    // More than the client reads in a row, so that it polls again while a message is waiting; libzmq would abort the process.
    [Test]
    public async Task A_peer_may_be_closed_while_its_messages_wait()
    {
        const int Messages = 3_000;
        using var listener = RawListener.Curve();
        using var reading = new ManualResetEventSlim();
        using var closed = new ManualResetEventSlim();
        using var observed = new ObservedClient(options => options with
        {
            Commands = new Dictionary<string, OxenMqCommandHandler>(options.Commands, StringComparer.Ordinal)
            {
                ["notify.hold"] = (_, _) =>
                {
                    reading.Set();
                    closed.Wait(Patience);
                },
            },
        });
        var peer = await observed.ConnectAsync(listener);

        listener.Send("notify.hold");
        Assert.That(reading.Wait(Patience), Is.True);
        for (var i = 0; i < Messages; i++)
            await Eventually.BecomesTrueAsync(() => listener.Send("notify.message", "x"), what: "there was room for a message");
        observed.Client.Disconnect(peer);
        closed.Set();

        Assert.That(await ConnectAgainAsync(observed, listener), Is.LessThan(Messages), "it was closed before all were read");
    }

    [Test]
    public async Task Two_peers_at_one_address_the_wrong_key_fails_and_the_right_one_stays()
    {
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient(options => options with { HelloTimeout = Short });
        observed.Client.Connect(listener.Address, "right");
        observed.Client.Connect(OxenMqAddress.Curve("127.0.0.1", Port(listener), OxenMqKeyPair.Generate().PublicKey.Span), "wrong");
        var seen = new List<string>();

        await AnswerGreetingsUntilAsync(listener, observed, "wrong failed: HandshakeFailed", seen);
        await AnswerGreetingsUntilAsync(listener, observed, "right reconnected", seen);

        Assert.That(seen, Is.EqualTo(new[] { "right connected", "right disconnected", "wrong failed: HandshakeFailed", "right reconnected" })
            .Or.EqualTo(new[] { "right connected", "wrong failed: HandshakeFailed", "right disconnected", "right reconnected" }));
    }

    [Test]
    public async Task A_client_that_is_disposed_in_any_state_ends()
    {
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient();
        await observed.ConnectAsync(listener);
        listener.Send("notify.message", "x");
        observed.Client.Connect(OxenMqAddress.Parse("tcp://127.0.0.1:1"));
        observed.Client.Connect(OxenMqAddress.Parse("tcp://nosuch.invalid:1"));

        await Task.Run(observed.Dispose).WaitAsync(TimeSpan.FromSeconds(20));
    }

    // How many messages of one byte had been read before the peer was closed.
    private static async Task<int> ConnectAgainAsync(ObservedClient observed, RawListener listener)
    {
        observed.Client.Connect(listener.Address);
        await listener.GreetAsync();
        var heard = 0;
        string seen;
        while ((seen = await observed.NextAsync()) == "message of 1")
            heard++;
        Assert.That(seen, Is.EqualTo("connected"));
        return heard;
    }

    private static EqualConstraint<OxenMqFailure> ThrowsFailure(OxenMqFailure failure) =>
        Throws.InstanceOf<OxenMqException>().With.Property(nameof(OxenMqException.Failure)).EqualTo(failure);

    private static int Port(RawListener listener) =>
        int.Parse(listener.Endpoint.AsSpan(listener.Endpoint.LastIndexOf(':') + 1), System.Globalization.CultureInfo.InvariantCulture);

    // A second process with the same routing id, as a listener sees it. Its own key does not matter to the listener.
    private static RawSocket Thief(RawContext context, RawListener listener)
    {
        var privateKey = new byte[32];
        privateKey[0] = 1;
        var own = OxenMqKeyPair.FromPrivateKey(privateKey);
        var thief = new RawSocket(context, RawSocketType.Dealer)
            .AsCurveClient(privateKey, own.PublicKey.Span, listener.Keys!.PublicKey.Span)
            .WithRoutingId(listener.Client);
        thief.Connect(listener.Endpoint);
        return thief;
    }

    private static async Task AnswerGreetingsUntilAsync(RawListener listener, ObservedClient observed, string what, List<string>? seen = null)
    {
        var next = observed.NextAsync();
        while (true)
        {
            if (await listener.TryReceiveAsync(TimeSpan.FromMilliseconds(50)) is ["HI"])
                listener.Send("HELLO");
            if (!next.IsCompleted)
                continue;

            var told = await next;
            seen?.Add(told);
            if (told == what)
                return;

            next = observed.NextAsync();
        }
    }
}
