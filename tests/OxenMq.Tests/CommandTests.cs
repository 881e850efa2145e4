using System.Text;
using Sotto.OxenMq;
using Sotto.TestSupport;

namespace OxenMq.Tests;

/// <summary>Commands that listeners send by themselves (oxenmq section 2).</summary>
public sealed class CommandTests
{
    private RawListener _listener = null!;
    private ObservedClient _observed = null!;

    [SetUp]
    public async Task Connect()
    {
        _listener = RawListener.Curve();
        _observed = new ObservedClient();
        await _observed.ConnectAsync(_listener);
    }

    [TearDown]
    public void Close()
    {
        _observed.Dispose();
        _listener.Dispose();
    }

    [Test]
    public async Task A_command_reaches_its_handler_with_all_parts_empty_ones_too()
    {
        _listener.Send("notify.message", "abc", "", "x");
        Assert.That(await _observed.NextAsync(), Is.EqualTo("message of 3+0+1"));

        _listener.Send("notify.message");
        Assert.That(await _observed.NextAsync(), Is.EqualTo("message of "));
    }

    [Test]
    public async Task A_command_may_come_before_the_HELLO()
    {
        using var eager = RawListener.Curve();
        _observed.Client.Connect(eager.Address);
        await eager.ReceiveAsync();

        eager.Send("notify.message", "x");
        eager.Send("HELLO");

        Assert.That(await _observed.NextAsync(), Is.EqualTo("message of 1"));
        Assert.That(await _observed.NextAsync(), Is.EqualTo("connected"));
    }

    [TestCase("notify.nosuch")]
    [TestCase("nodot")]
    [TestCase(".x")]
    [TestCase("")]
    public async Task An_unknown_command_is_answered_with_its_name(string name)
    {
        _listener.Send(name, "some", "data");

        Assert.That(await _listener.ReceiveAsync(), Is.EqualTo(new[] { "UNKNOWNCOMMAND", name }));
        Assert.That(_observed.Client.Counters.CommandsUnknown, Is.EqualTo(1));
    }

    [TestCase("HI")]
    [TestCase("REPLY")]
    [TestCase("REPLY", "no such tag", "x")]
    [TestCase("UNKNOWNCOMMAND", "t.nosuch")]
    [TestCase("FORBIDDEN", "REPLY", "no such tag")]
    public async Task What_means_nothing_is_ignored_and_counted(params string[] parts)
    {
        _listener.Send(parts);
        _listener.Send("notify.message", "x");

        Assert.That(await _observed.NextAsync(), Is.EqualTo("message of 1"));
        Assert.That(_observed.Client.Counters.MessagesIgnored, Is.EqualTo(1));
    }

    [Test]
    public async Task A_name_of_252_bytes_is_ignored_and_not_sent_back()
    {
        _listener.Send("t." + new string('x', 250));
        _listener.Send("t." + new string('x', 249));

        Assert.That((await _listener.ReceiveAsync())[1], Has.Length.EqualTo(251));
        Assert.That(_observed.Client.Counters.MessagesIgnored, Is.EqualTo(1));
    }

    [Test]
    public async Task A_second_HELLO_changes_nothing()
    {
        _listener.Send("HELLO", "junk");
        _listener.Send("notify.message", "x");

        Assert.That(await _observed.NextAsync(), Is.EqualTo("message of 1"));
    }

    [Test]
    public async Task A_handler_that_fails_is_counted_and_the_next_command_comes()
    {
        _listener.Send("notify.fault");
        _listener.Send("notify.message", "x");

        Assert.That(await _observed.NextAsync(), Is.EqualTo("message of 1"));
        Assert.That(_observed.Client.Counters.CallbackFailures, Is.EqualTo(1));
    }

    [Test]
    public async Task Callbacks_that_fail_are_counted_and_the_connection_lives()
    {
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient(options => options with
        {
            PeerConnected = (_, _) => throw new InvalidOperationException("A callback fails."),
        });
        var peer = observed.Client.Connect(listener.Address);

        await listener.GreetAsync();

        await Eventually.BecomesTrueAsync(() => observed.Client.Counters.CallbackFailures == 1);
        Assert.That(peer.State, Is.EqualTo(OxenMqPeerState.Connected));
    }

    [Test]
    public async Task A_message_of_very_many_parts_is_cut()
    {
        _listener.Send(["notify.message", .. Enumerable.Repeat("x", 1_000)]);

        Assert.That(await _observed.NextAsync(), Is.EqualTo("message of " + string.Join('+', Enumerable.Repeat("1", 62))));
    }

    /// <summary>
    /// With a limit on received messages libzmq 4.3.4 can abort the process when heartbeats are on and a reader pauses while much arrives (oxenmq
    /// section 1.5); and what the listener cannot queue is lost.
    /// </summary>
    [Test]
    public async Task A_handler_that_pauses_while_a_storm_comes_loses_nothing()
    {
        const int Messages = 60_000;
        using var resume = new ManualResetEventSlim();
        var received = 0;
        using var listener = RawListener.Curve();
        using var observed = new ObservedClient(options => options with
        {
            HeartbeatInterval = TimeSpan.FromMilliseconds(300),
            HeartbeatTimeout = TimeSpan.FromSeconds(30),
            Commands = new Dictionary<string, OxenMqCommandHandler>(StringComparer.Ordinal)
            {
                ["notify.message"] = (_, _) =>
                {
                    received++;
                    resume.Wait(TimeSpan.FromSeconds(20));
                },
            },
        });
        await observed.ConnectAsync(listener);

        var name = "notify.message"u8.ToArray();
        var body = new byte[1_000];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        for (var i = 0; i < Messages; i++)
        {
            while (!listener.Send(name, body))
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, patience.Token);
        }

        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        resume.Set();

        await Eventually.BecomesTrueAsync(() => Volatile.Read(ref received) == Messages);
        Assert.That(observed.HasSeenNothing);
    }
}
