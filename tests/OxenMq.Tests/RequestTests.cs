using System.Text;
using Sotto.OxenMq;
using Sotto.TestSupport;

namespace OxenMq.Tests;

/// <summary>Requests and what may become of them (oxenmq section 2).</summary>
public sealed class RequestTests
{
    private RawListener _listener = null!;
    private ObservedClient _observed = null!;
    private OxenMqPeer _peer = null!;

    [SetUp]
    public async Task Connect()
    {
        _listener = RawListener.Curve();
        _observed = new ObservedClient(options => options with { RequestsInFlightMax = 4 });
        _peer = await _observed.ConnectAsync(_listener);
    }

    [TearDown]
    public void Close()
    {
        _observed.Dispose();
        _listener.Dispose();
    }

    [Test]
    public async Task A_request_carries_a_tag_of_15_bytes_and_gets_the_reply_with_that_tag()
    {
        var reply = Ask("ping.ping", "a", "");

        var request = await _listener.ReceiveAsync();
        Assert.That(request, Has.Length.EqualTo(4));
        Assert.That(request[0], Is.EqualTo("ping.ping"));
        Assert.That(request[1], Has.Length.EqualTo(15));
        Assert.That(request[2..], Is.EqualTo(new[] { "a", "" }));

        _listener.Send("REPLY", request[1], "pong", "", "x");
        Assert.That(await Text(reply), Is.EqualTo(new[] { "pong", "", "x" }));
    }

    [Test]
    public async Task A_request_may_have_no_data()
    {
        var reply = Ask("sub.block");

        var request = await _listener.ReceiveAsync();
        Assert.That(request, Has.Length.EqualTo(2));

        _listener.Send("REPLY", request[1], "OK");
        Assert.That(await Text(reply), Is.EqualTo(new[] { "OK" }));
    }

    [Test]
    public async Task An_empty_reply_is_a_reply_without_data()
    {
        var reply = Ask("t.empty");

        var request = await _listener.ReceiveAsync();
        _listener.Send("REPLY", request[1]);

        Assert.That(await Text(reply), Is.Empty);
    }

    [Test]
    public async Task Replies_may_come_in_any_order()
    {
        var first = Ask("t.echo", "1");
        var second = Ask("t.echo", "2");
        var requests = new[] { await _listener.ReceiveAsync(), await _listener.ReceiveAsync() };

        _listener.Send("REPLY", requests[1][1], requests[1][2]);
        _listener.Send("REPLY", requests[0][1], requests[0][2]);

        Assert.That(await Text(first), Is.EqualTo(new[] { "1" }));
        Assert.That(await Text(second), Is.EqualTo(new[] { "2" }));
    }

    [TestCase("FORBIDDEN")]
    [TestCase("FORBIDDEN_SN")]
    [TestCase("NOT_A_SERVICE_NODE")]
    [TestCase("NO_REPLY_TAG")]
    [TestCase("UNKNOWNCOMMAND")]
    public async Task A_refusal_with_the_tag_fails_the_request_with_its_code(string code)
    {
        var reply = Ask("t.echo");

        var request = await _listener.ReceiveAsync();
        _listener.Send(code, "REPLY", request[1]);

        Assert.That(await FailureOf(reply), Is.EqualTo((OxenMqFailure.Refused, code)));
    }

    [Test]
    public async Task An_unknown_command_is_refused_by_name_and_fails_the_oldest_request_of_that_name()
    {
        var other = Ask("t.echo");
        var unknown = Ask("t.nosuch");
        var requests = new[] { await _listener.ReceiveAsync(), await _listener.ReceiveAsync() };

        _listener.Send("UNKNOWNCOMMAND", "t.nosuch");
        Assert.That(await FailureOf(unknown), Is.EqualTo((OxenMqFailure.Refused, OxenMqWords.UnknownCommand)));

        _listener.Send("REPLY", requests[0][1], "still there");
        Assert.That(await Text(other), Is.EqualTo(new[] { "still there" }));
    }

    [Test]
    public async Task A_lone_UNKNOWNCOMMAND_of_an_old_peer_is_ignored()
    {
        var reply = Ask("t.echo");
        var request = await _listener.ReceiveAsync();

        _listener.Send("UNKNOWNCOMMAND");
        _listener.Send("REPLY", request[1], "x");

        Assert.That(await Text(reply), Is.EqualTo(new[] { "x" }));
        Assert.That(_observed.Client.Counters.MessagesIgnored, Is.EqualTo(1));
    }

    [Test]
    public async Task A_reply_with_the_tag_of_another_peer_is_ignored()
    {
        using var thief = RawListener.Curve();
        _ = await _observed.ConnectAsync(thief);
        var reply = Ask("t.echo");
        var request = await _listener.ReceiveAsync();

        thief.Send("REPLY", request[1], "forged");
        await Eventually.BecomesTrueAsync(() => _observed.Client.Counters.MessagesIgnored == 1);
        _listener.Send("REPLY", request[1], "genuine");

        Assert.That(await Text(reply), Is.EqualTo(new[] { "genuine" }));
    }

    [Test]
    public async Task Requests_beyond_the_limit_are_refused_as_busy_and_the_place_is_free_again_after_a_reply()
    {
        var replies = Enumerable.Range(0, 4).Select(_ => Ask("t.echo")).ToArray();
        Assert.That(await FailureOf(Ask("t.echo")), Is.EqualTo((OxenMqFailure.Busy, (string?)null)));

        var request = await _listener.ReceiveAsync();
        _listener.Send("REPLY", request[1]);
        await replies[0];

        var next = Ask("t.next");
        Assert.That(next.IsFaulted, Is.False);
    }

    [Test]
    public async Task Requests_in_flight_fail_when_the_connection_is_lost()
    {
        var reply = Ask("t.echo");
        _ = await _listener.ReceiveAsync();

        _listener.Close();

        Assert.That(await FailureOf(reply), Is.EqualTo((OxenMqFailure.Disconnected, (string?)null)));
        Assert.That(await _observed.NextAsync(), Is.EqualTo("disconnected"));
        Assert.That(await FailureOf(Ask("t.echo")), Is.EqualTo((OxenMqFailure.Disconnected, (string?)null)));
    }

    [Test]
    public async Task Requests_in_flight_fail_when_the_peer_is_closed_by_us()
    {
        var reply = Ask("t.echo");
        _observed.Client.Disconnect(_peer);

        Assert.That(await FailureOf(reply), Is.EqualTo((OxenMqFailure.Disconnected, (string?)null)));
        Assert.That(_peer.State, Is.EqualTo(OxenMqPeerState.Closed));
    }

    [Test]
    public async Task Requests_in_flight_fail_when_the_client_is_disposed_and_later_ones_at_once()
    {
        var reply = Ask("t.echo");
        _observed.Dispose();

        Assert.That(await FailureOf(reply), Is.EqualTo((OxenMqFailure.Disconnected, (string?)null)));
        Assert.That(await FailureOf(Ask("t.echo")), Is.EqualTo((OxenMqFailure.Disconnected, (string?)null)));
    }

    [Test]
    public void A_cancelled_wait_ends()
    {
        using var cancellation = new CancellationTokenSource();
        var reply = _observed.Client.RequestAsync(_peer, "t.echo", [], cancellation.Token);

        cancellation.Cancel();

        Assert.That(async () => await reply, Throws.InstanceOf<OperationCanceledException>());
    }

    private Task<IReadOnlyList<ReadOnlyMemory<byte>>> Ask(string command, params string[] data) =>
        _observed.Client.RequestAsync(_peer, command, [.. data.Select(part => new ReadOnlyMemory<byte>(Encoding.Latin1.GetBytes(part)))]);

    private static async Task<string[]> Text(Task<IReadOnlyList<ReadOnlyMemory<byte>>> reply) =>
        [.. (await reply.WaitAsync(TimeSpan.FromSeconds(20))).Select(part => Encoding.Latin1.GetString(part.Span))];

    private static async Task<(OxenMqFailure Failure, string? Code)> FailureOf(Task<IReadOnlyList<ReadOnlyMemory<byte>>> reply)
    {
        try
        {
            _ = await reply.WaitAsync(TimeSpan.FromSeconds(20));
        }
        catch (OxenMqException failure)
        {
            return (failure.Failure, failure.Code);
        }

        throw new AssertionException("The request succeeded.");
    }
}
