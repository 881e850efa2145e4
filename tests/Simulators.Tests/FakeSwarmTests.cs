using System.Globalization;
using System.Text.Json;
using Sotto.FakeSwarm;
using Sotto.TestSupport;

namespace Simulators.Tests;

/// <summary>The simulated storage network behaves as the real one is described (oxenmq sections 5 and 6).</summary>
public sealed class FakeSwarmTests
{
    private const string Success = "d7:successi1ee";
    private static readonly TimeSpan NothingMore = TimeSpan.FromMilliseconds(300);

    private readonly ManualTimeProvider _clock = new();
    private readonly SwarmAccount _account = new("an account");
    private FakeSwarmNetwork _network = null!;
    private FakeNode _node = null!;
    private SwarmClient _client = null!;

    private long Now => _clock.GetUtcNow().ToUnixTimeSeconds();

    [SetUp]
    public async Task Start()
    {
        _network = await FakeSwarmNetwork.StartAsync(new FakeSwarmOptions { Nodes = 4, Swarms = 2, Clock = _clock });
        _node = _network.MembersOf(_account.Id)[0];
        _client = new SwarmClient(_node);
    }

    [TearDown]
    public async Task Stop()
    {
        _client.Dispose();
        await _network.DisposeAsync();
    }

    [Test]
    public async Task A_greeting_is_answered_at_any_time()
    {
        _client.Send("HI", "junk");
        Assert.That(await _client.ReceiveAsync(), Is.EqualTo(new[] { "HELLO" }));
    }

    [Test]
    public async Task Unknown_names_and_missing_tags_are_refused_and_words_of_the_protocol_ignored()
    {
        _client.Send("HELLO");
        _client.Send("BYE");
        _client.Send("REPLY", "no such tag");
        _client.Send("t.nosuch", "a tag", "x");
        _client.Send("monitor.messages");

        Assert.That(await _client.ReceiveAsync(), Is.EqualTo(new[] { "UNKNOWNCOMMAND", "t.nosuch" }));
        Assert.That(await _client.ReceiveAsync(), Is.EqualTo(new[] { "NO_REPLY_TAG", "monitor.messages" }));
    }

    [Test]
    public async Task A_stored_message_is_notified_once_to_each_connection_that_asked_with_the_body_if_it_was_asked_for()
    {
        using var other = new SwarmClient(_node, "another client");
        Assert.That(await _client.RequestAsync("monitor.messages", _account.Monitor(Now, true, 0)), Is.EqualTo(new[] { Success }));
        Assert.That(await other.RequestAsync("monitor.messages", _account.Monitor(Now, false, 0)), Is.EqualTo(new[] { Success }));

        var stored = _network.Store(_account.Id, 0, "a body"u8.ToArray(), TimeSpan.FromSeconds(60));

        Assert.That(stored.Copies, Is.EqualTo(2));
        Assert.That(stored.Hash, Has.Length.EqualTo(43));
        var bare = string.Create(
            CultureInfo.InvariantCulture,
            $"d1:@33:{Latin1(_account.Id)}1:h43:{stored.Hash}1:ni0e1:ti{stored.StoredAtMilliseconds}e1:zi{stored.StoredAtMilliseconds + 60_000}e");
        Assert.That(await _client.NotificationAsync(), Is.EqualTo(bare + "1:~6:a bodye"));
        Assert.That(await other.NotificationAsync(), Is.EqualTo(bare + "e"));
        Assert.That(await _client.NotificationAsync(NothingMore), Is.Null);
    }

    [Test]
    public async Task Every_member_of_the_swarm_that_was_asked_sends_its_own_copy()
    {
        var members = _network.MembersOf(_account.Id);
        using var second = new SwarmClient(members[1]);
        await _client.RequestAsync("monitor.messages", _account.Monitor(Now, false, 0));
        await second.RequestAsync("monitor.messages", _account.Monitor(Now, false, 0));

        Assert.That(members, Has.Count.EqualTo(2));
        Assert.That(_network.Store(_account.Id, 0, []).Copies, Is.EqualTo(2));
        Assert.That(await second.NotificationAsync(), Is.EqualTo(await _client.NotificationAsync()));
        Assert.That(_network.MonitorsOf(_account.Id).Single().Nodes, Is.EqualTo(2));
        Assert.That(_network.MonitorsOf(_account.Id).Single().RoutingId, Is.EqualTo(_client.RoutingId));
    }

    [Test]
    public async Task Requests_of_one_connection_add_up_until_they_expire_after_65_minutes()
    {
        await _client.RequestAsync("monitor.messages", _account.Monitor(Now, true, 0));
        _clock.Advance(TimeSpan.FromMinutes(64));
        await _client.RequestAsync("monitor.messages", _account.Monitor(Now, false, 2, 3));
        Assert.That(_network.MonitorsOf(_account.Id).Single(), Is.EqualTo(new { Namespaces = new short[] { 0, 2, 3 }, WantsData = true })
            .Using<AccountMonitor, object>((monitor, _) => monitor.Namespaces.SequenceEqual([(short)0, (short)2, (short)3]) && monitor.WantsData));

        _clock.Advance(TimeSpan.FromMinutes(64));
        Assert.That(_network.Store(_account.Id, 0, []).Copies, Is.EqualTo(1));
        Assert.That(_network.Store(_account.Id, 5, []).Copies, Is.Zero);

        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.That(_network.Store(_account.Id, 0, []).Copies, Is.Zero);
    }

    [TestCase(-14 * 86_400, true)]
    [TestCase((-14 * 86_400) - 1, false)]
    [TestCase(86_400, true)]
    [TestCase(86_401, false)]
    public async Task A_signature_is_taken_from_14_days_old_to_a_day_ahead(long secondsFromNow, bool isTaken)
    {
        var answer = await _client.RequestAsync("monitor.messages", _account.Monitor(Now + secondsFromNow, false, 0));

        Assert.That(answer[0], isTaken ? Is.EqualTo(Success) : Does.StartWith("d7:errcodei4e5:error"));
    }

    [TestCase("P32:", "P31:", 1, TestName = "A broken dict is refused whole")]
    [TestCase("1:nli0e", "1:nli7e", 5, TestName = "What was not signed is refused")]
    [TestCase("1:nli0e", "1:nli70000e", 1, TestName = "A namespace beyond 16 bits is refused")]
    [TestCase("1:nli0e", "1:nl", 1, TestName = "No namespace is refused")]
    [TestCase("1:nli0e", "1:nli3ei2e", 3, TestName = "Namespaces out of order are refused")]
    [TestCase("1:nli0e", "1:di2e1:nli0e", 1, TestName = "A d that is neither 0 nor 1 is refused")]
    public async Task Bad_requests_get_their_code(string from, string to, int code)
    {
        var request = _account.Monitor(Now, false, 0).Replace(from, to, StringComparison.Ordinal);
        var answer = await _client.RequestAsync("monitor.messages", request);

        Assert.That(answer[0], Does.StartWith($"d7:errcodei{code}e5:error"));
        Assert.That(_network.Statistics.MonitorsAccepted, Is.Zero);
    }

    [Test]
    public async Task A_restarted_node_has_forgotten_its_subscriptions_and_keeps_its_address()
    {
        var endpoint = _node.Endpoint;
        await _client.RequestAsync("monitor.messages", _account.Monitor(Now, false, 0));

        await _network.RestartAsync(_node);

        Assert.That(_node.Endpoint, Is.EqualTo(endpoint));
        Assert.That(_network.Store(_account.Id, 0, []).Copies, Is.Zero);
        await _client.RequestAsync("monitor.messages", _account.Monitor(Now, false, 0));
        Assert.That(_network.Store(_account.Id, 0, []).Copies, Is.EqualTo(1));
    }

    [Test]
    public async Task A_second_connection_with_the_same_key_takes_over_and_the_first_hears_no_more()
    {
        await _client.RequestAsync("monitor.messages", _account.Monitor(Now, false, 0));
        using var successor = new SwarmClient(_node);
        successor.Send("HI");
        Assert.That(await successor.ReceiveAsync(), Is.EqualTo(new[] { "HELLO" }));

        _network.Store(_account.Id, 0, []);

        Assert.That(await successor.NotificationAsync(), Is.Not.Null);
        Assert.That(await _client.NotificationAsync(NothingMore), Is.Null);
    }

    [Test]
    public async Task A_faulty_node_drops_delays_and_falls_silent()
    {
        await _client.RequestAsync("monitor.messages", _account.Monitor(Now, false, 0));

        _node.DropRate = 1;
        Assert.That(_network.Store(_account.Id, 0, []).Copies, Is.Zero);
        Assert.That(_network.Statistics.NotificationsDropped, Is.EqualTo(1));

        _node.DropRate = 0;
        _node.Delay = TimeSpan.FromSeconds(5);
        _network.Store(_account.Id, 0, []);
        Assert.That(await _client.NotificationAsync(NothingMore), Is.Null);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.That(await _client.NotificationAsync(), Is.Not.Null);

        _node.IsSilent = true;
        _client.Send("HI");
        Assert.That(await _client.ReceiveAsync(NothingMore), Is.Null);
    }

    [TestCaseSource(nameof(LieKinds))]
    public async Task A_lying_node_says_it_to_everyone_who_asked(LieKind kind)
    {
        await _client.RequestAsync("monitor.messages", _account.Monitor(Now, false, 0));

        Assert.That(_network.Lie(_node, kind), Is.EqualTo(1));
        Assert.That(await _client.ReceiveAsync(), Is.Not.Null);
        Assert.That(_network.Statistics.LiesTold, Is.EqualTo(1));
    }

    [Test]
    public async Task A_flood_arrives()
    {
        await _client.RequestAsync("monitor.messages", _account.Monitor(Now, true, 0));

        var flood = await _network.FloodAsync(new FloodRequest { Count = 500, PerSecond = 5_000, Accounts = [_account.Id] });

        Assert.That(flood.Copies, Is.EqualTo(500));
        for (var i = 0; i < 500; i++)
            Assert.That(await _client.NotificationAsync(), Is.Not.Null);
    }

    public static IEnumerable<LieKind> LieKinds() => Enum.GetValues<LieKind>();

    private static string Latin1(byte[] bytes) => System.Text.Encoding.Latin1.GetString(bytes);
}
