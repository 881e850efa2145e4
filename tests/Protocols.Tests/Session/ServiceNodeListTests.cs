using System.Text;
using Sotto.Session;

namespace Protocols.Tests.Session;

public sealed class ServiceNodeListTests
{
    private const string Good = """{"pubkey_x25519":"KEY","public_ip":"1.2.3.4","storage_lmq_port":22020,"swarm_id":7}""";

    // What is put in place of a part of a good node, and whether its swarm still counts.
    private static IEnumerable<TestCaseData> Unusable =>
    [
        new("\"public_ip\":\"1.2.3.4\",", "", true), new("1.2.3.4", "0.0.0.0", true), new("1.2.3.4", "", true), new("1.2.3.4", "1.2.3.4;x", true),
        new("\"1.2.3.4\"", "null", true), new("1.2.3.4", "a:b", true), new("22020", "0", true), new("22020", "65536", true), new("22020", "-1", true),
        new("22020", "\"22020\"", true), new("22020", "1.5", true), new("\"storage_lmq_port\":22020,", "", true), new("KEY", "KEYff", true),
        new("KEY", "zz", true), new("\"pubkey_x25519\":\"KEY\",", "", true), new("\"swarm_id\":7", "\"swarm_id\":18446744073709551615", false),
        new("\"swarm_id\":7", "\"swarm_id\":18446744073709551616", false), new("\"swarm_id\":7", "\"swarm_id\":-1", false),
        new("\"swarm_id\":7", "\"swarm_id\":\"7\"", false), new("\"swarm_id\":7", "\"x\":7", false), new(Good, "null", false), new(Good, "[]", false),
    ];

    [TestCaseSource(nameof(Unusable))]
    public void A_node_that_cannot_be_used_is_skipped_by_itself(string part, string replacement, bool swarmCounts)
    {
        var broken = Good.Replace(part, replacement, StringComparison.Ordinal).Replace("KEY", Key(1), StringComparison.Ordinal);
        var whole = Good.Replace(":7}", ":18446744073709551614}", StringComparison.Ordinal).Replace("KEY", Key(2), StringComparison.Ordinal);

        Assert.That(ServiceNodeList.TryParse(List(broken, whole), out var list), Is.True);
        Assert.That(list!.Nodes.Select(node => (node.PublicKey[0], node.Host, node.Port, node.SwarmId)), Is.EqualTo([((byte)2, "1.2.3.4", 22020, ulong.MaxValue - 1)]));
        Assert.That(list.SwarmIds, Is.EquivalentTo(swarmCounts ? (ulong[])[7, ulong.MaxValue - 1] : [ulong.MaxValue - 1]));
    }

    [Test]
    public void A_node_named_twice_is_there_once()
    {
        var node = Good.Replace("KEY", Key(0xab), StringComparison.Ordinal);

        Assert.That(ServiceNodeList.TryParse(List(node, node.Replace(Key(0xab), Key(0xab).ToUpperInvariant(), StringComparison.Ordinal)), out var list), Is.True);
        Assert.That(list!.Nodes, Has.Count.EqualTo(1));
        Assert.That((list.Height, list.BlockHash), Is.EqualTo((5L, "ab")));
    }

    [TestCase("")]
    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("""{"block_hash":"ab","height":5}""")]
    [TestCase("""{"block_hash":"ab","height":"5","service_node_states":[]}""")]
    [TestCase("""{"height":5,"service_node_states":[]}""")]
    [TestCase("""{"block_hash":"ab","height":5,"service_node_states":{}}""")]
    [TestCase("""{"block_hash":"\ud800","height":5,"service_node_states":[]}""")]
    [TestCase("""{"block_hash":"ab","height":99999999999999999999,"service_node_states":[]}""")]
    public void What_is_no_list_is_refused(string json) => Assert.That(ServiceNodeList.TryParse(Encoding.UTF8.GetBytes(json), out _), Is.False);

    [Test]
    public void A_reply_has_its_status_in_front()
    {
        ReadOnlyMemory<byte> list = List();

        Assert.That(ServiceNodeList.TryParseReply(["200"u8.ToArray(), list], out _), Is.True);
        Assert.That(ServiceNodeList.TryParseReply(["400"u8.ToArray(), list], out _), Is.False);
        Assert.That(ServiceNodeList.TryParseReply([list], out _), Is.False);
        Assert.That(ServiceNodeList.TryParseReply([], out _), Is.False);
        Assert.That(ServiceNodeList.TryParseReply(["200"u8.ToArray(), list, list], out _), Is.False);
    }

    [Test]
    public void Whatever_comes_nothing_is_thrown()
    {
        var good = List(Good.Replace("KEY", Key(1), StringComparison.Ordinal));

        Assert.That(Hostile.Truncations(good).Any(cut => ServiceNodeList.TryParse(cut, out _)), Is.False);
        Prop.ForAll((int seed) => !ServiceNodeList.TryParse(Hostile.Mutate(good, seed), out var list) || list.Nodes.Count <= 1).Check(2000);
        Assert.That(ServiceNodeList.TryParse(Enumerable.Repeat((byte)'[', 100_000).ToArray(), out _), Is.False);
    }

    private static string Key(byte first) => Convert.ToHexStringLower([first, .. new byte[31]]);

    private static byte[] List(params string[] nodes) =>
        Encoding.UTF8.GetBytes($$"""{"status":"OK","height":5,"block_hash":"ab","service_node_states":[{{string.Join(',', nodes)}}]}""");
}
