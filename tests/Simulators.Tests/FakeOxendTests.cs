using System.Globalization;
using System.Text;
using System.Text.Json;
using Sotto.FakeSwarm;
using Sotto.TestSupport;

namespace Simulators.Tests;

/// <summary>The oxend of the simulated network (oxenmq section 5).</summary>
public sealed class FakeOxendTests
{
    private const string Everything =
        """
        {"active_only": true, "fields": {"pubkey_x25519": true, "public_ip": true, "storage_lmq_port": true,
         "swarm_id": true, "block_hash": true, "height": true}}
        """;

    private readonly ManualTimeProvider _clock = new();
    private FakeSwarmNetwork _network = null!;
    private SwarmClient _client = null!;

    [SetUp]
    public async Task Start()
    {
        _network = await FakeSwarmNetwork.StartAsync(new FakeSwarmOptions { Nodes = 6, Swarms = 3, Clock = _clock });
        _client = new SwarmClient(_network.OxendAddress, []);
    }

    [TearDown]
    public async Task Stop()
    {
        _client.Dispose();
        await _network.DisposeAsync();
    }

    [Test]
    public async Task It_answers_a_ping_with_and_without_encryption()
    {
        var address = _network.OxendCurveAddress.Split('/');
        using var encrypted = new SwarmClient("tcp://" + address[2], Convert.FromHexString(address[3]));

        Assert.That(await _client.RequestAsync("ping.ping"), Is.EqualTo(new[] { "pong" }));
        Assert.That(await encrypted.RequestAsync("ping.ping"), Is.EqualTo(new[] { "pong" }));
    }

    [Test]
    public async Task The_list_holds_every_node_with_its_key_address_and_swarm()
    {
        var list = await ListAsync(Everything);

        Assert.That(list.GetProperty("height").GetInt64(), Is.EqualTo(_network.Height));
        Assert.That(list.GetProperty("block_hash").GetString(), Has.Length.EqualTo(64));
        var listed = list.GetProperty("service_node_states").EnumerateArray().Select(node => (
            Key: node.GetProperty("pubkey_x25519").GetString(),
            Host: node.GetProperty("public_ip").GetString(),
            Port: node.GetProperty("storage_lmq_port").GetInt32(),
            Swarm: node.GetProperty("swarm_id").GetUInt64()));
        var expected = _network.Nodes.Select(node => (Convert.ToHexStringLower(node.PublicKey.Span), "127.0.0.1", node.Port, node.Swarm));
        Assert.That(listed, Is.EquivalentTo(expected));
        Assert.That(_network.Swarms, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task A_node_without_an_uptime_proof_is_listed_without_its_address()
    {
        _network.Nodes[0].HasAddress = false;

        var list = await ListAsync("""{"fields": ["pubkey_x25519", "public_ip", "storage_lmq_port"]}""");

        var states = list.GetProperty("service_node_states").EnumerateArray().ToArray();
        Assert.That(states.Count(node => node.TryGetProperty("public_ip", out _) && node.TryGetProperty("storage_lmq_port", out _)), Is.EqualTo(5));
        Assert.That(states.Any(node => node.TryGetProperty("swarm_id", out _)), Is.False);
        Assert.That(list.TryGetProperty("height", out _), Is.False);
    }

    [Test]
    public async Task A_list_of_the_same_block_is_not_repeated()
    {
        var hash = (await ListAsync(Everything)).GetProperty("block_hash").GetString();
        var again = await ListAsync($$"""{"fields": ["height"], "poll_block_hash": "{{hash}}"}""");

        Assert.That(again.GetProperty("unchanged").GetBoolean());
        Assert.That(again.TryGetProperty("service_node_states", out _), Is.False);
    }

    [TestCase("no json")]
    [TestCase("[]")]
    [TestCase("""{"fields": 5}""")]
    public async Task A_request_that_cannot_be_read_is_answered_400(string request) =>
        Assert.That((await _client.RequestAsync("rpc.get_service_nodes", request))[0], Is.EqualTo("400"));

    [Test]
    public async Task Blocks_are_told_to_those_who_asked_within_the_last_30_minutes()
    {
        Assert.That(await _client.RequestAsync("sub.block"), Is.EqualTo(new[] { "OK" }));
        Assert.That(await _client.RequestAsync("sub.block"), Is.EqualTo(new[] { "ALREADY" }));

        _network.NextBlock();

        var told = await _client.ReceiveAsync();
        Assert.That(told?[..2], Is.EqualTo(new[] { "notify.block", "1001" }));
        Assert.That(told?[2], Has.Length.EqualTo(32));
        var hash = (await ListAsync(Everything)).GetProperty("block_hash").GetString();
        Assert.That(hash, Is.EqualTo(Convert.ToHexStringLower(Encoding.Latin1.GetBytes(told![2]))));

        _clock.Advance(TimeSpan.FromMinutes(30));
        _network.NextBlock();
        Assert.That(await _client.RequestAsync("sub.block"), Is.EqualTo(new[] { "OK" }));
    }

    [Test]
    public async Task An_oxend_that_was_down_has_forgotten_who_asked()
    {
        await _client.RequestAsync("sub.block");

        await _network.TakeOxendDownAsync();
        await _network.BringOxendUpAsync();

        Assert.That(await _client.RequestAsync("sub.block"), Is.EqualTo(new[] { "OK" }));
    }

    [Test]
    public void Swarms_split_merge_and_lose_nodes_each_with_a_new_block()
    {
        var swarm = _network.Swarms[0];

        var half = _network.SplitSwarm(swarm);
        Assert.That(_network.Swarms, Has.Count.EqualTo(4));
        Assert.That(_network.Nodes.Count(node => node.Swarm == half), Is.EqualTo(1));

        _network.MergeSwarms(swarm, half);
        Assert.That(_network.Swarms, Has.Count.EqualTo(3));

        _network.MoveNode(_network.Nodes[0], FakeSwarmNetwork.NoSwarm);
        Assert.That(_network.Nodes.Count(node => node.Swarm == FakeSwarmNetwork.NoSwarm), Is.EqualTo(1));
        Assert.That(_network.Height, Is.EqualTo(1_003));
    }

    [TestCaseSource(typeof(FakeOxendTests), nameof(SwarmCases))]
    [Category("vectors")]
    public void An_account_is_held_where_the_real_network_holds_it(VectorCase vector)
    {
        var account = vector.Json.Hex("account");
        ulong[] swarms = [.. vector.Json.GetProperty("swarms").EnumerateArray().Select(id => ulong.Parse(id.GetString()!, CultureInfo.InvariantCulture))];

        Assert.That(FakeSwarmNetwork.SwarmOf(account, swarms), Is.EqualTo(vector.Json.Number64("expect")));
    }

    public static IEnumerable<TestCaseData> SwarmCases() => VectorFolder.Cases("oxenmq", "swarm.json", "cases");

    private async Task<JsonElement> ListAsync(string request)
    {
        var answer = await _client.RequestAsync("rpc.get_service_nodes", request);
        Assert.That(answer[0], Is.EqualTo("200"));
        return JsonElement.Parse(Encoding.Latin1.GetBytes(answer[1]));
    }
}
