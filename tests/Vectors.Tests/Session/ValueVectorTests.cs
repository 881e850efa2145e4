using System.Text;
using System.Text.Json;
using Sotto.Session;
using Sotto.Sodium;
using Sotto.TestSupport;

namespace Vectors.Tests.Session;

/// <summary>Byte spellings, key conversion, hashes and the swarm of an account.</summary>
public sealed class ValueVectorTests
{
    private static IEnumerable<TestCaseData> Spellings => VectorFolder.Cases("session", "bytes_encoding.json", "cases");

    private static IEnumerable<TestCaseData> ConvertibleKeys => VectorFolder.Cases("session", "ed25519_x25519.json", "valid");

    private static IEnumerable<TestCaseData> InconvertibleKeys => VectorFolder.Cases("session", "ed25519_x25519.json", "invalid");

    private static IEnumerable<TestCaseData> DuplicateKeys => VectorFolder.Cases("session", "hashes.json", "duplicate_filter");

    private static IEnumerable<TestCaseData> NotifierKeys => VectorFolder.Cases(
        "session", "hashes.json", "notifier_key.derived", root => root.GetProperty("notifier_key").GetProperty("derived").EnumerateArray());

    private static IEnumerable<TestCaseData> DummyIds => VectorFolder.Cases("session", "hashes.json", "dummy_service_id");

    private static IEnumerable<TestCaseData> SwarmGroups => VectorFolder.Cases("session", "swarm_mapping.json", "groups");

    private static IEnumerable<TestCaseData> Swarms => VectorFolder.Cases("oxenmq", "swarm.json", "cases");

    [TestCaseSource(nameof(Spellings))]
    public void Bytes_in_JSON_are_read_as_the_reference_reads_them(VectorCase vector)
    {
        var bytes = new byte[vector.Root.GetProperty("size").GetInt32()];

        var decoded = JsonBytes.TryDecode(vector.Json.Text("input"), bytes);

        Assert.That(decoded, Is.EqualTo(vector.Json.Text("result") == "ok"));
        if (decoded)
            Assert.That(bytes, Is.EqualTo(vector.Json.Hex("hex")));
    }

    [TestCaseSource(nameof(ConvertibleKeys))]
    public void An_Ed25519_key_becomes_the_X25519_key_of_its_account(VectorCase vector)
    {
        var converted = new byte[X25519.KeySize];

        Assert.That(Ed25519.TryToX25519(vector.Json.Hex("ed25519"), converted), Is.True);
        Assert.That(converted, Is.EqualTo(vector.Json.Hex("x25519")));
        Assert.That(SubscriptionSignature.VerifyOwner(AccountId.Create(vector.Json.Hex("session_id")), vector.Json.Hex("ed25519")), Is.Null);
    }

    [TestCaseSource(nameof(InconvertibleKeys))]
    public void A_key_that_the_reference_refuses_is_refused(VectorCase vector) =>
        Assert.That(Ed25519.TryToX25519(vector.Json.Hex("ed25519"), new byte[X25519.KeySize]), Is.False);

    [TestCaseSource(nameof(DuplicateKeys))]
    public void A_notification_is_recognised_by_the_same_key(VectorCase vector)
    {
        var key = new byte[DuplicateKey.Size];

        DuplicateKey.Compute(vector.Json.Text("service"), vector.Json.Text("svcid"), vector.Json.Text("msg_hash"), key);

        Assert.That(key, Is.EqualTo(vector.Json.Hex("blake2b32")));
    }

    [TestCaseSource(nameof(NotifierKeys))]
    public void Keyed_hashes_and_public_keys_are_those_of_the_reference(VectorCase vector)
    {
        var hivemind = vector.Root.GetProperty("notifier_key").Hex("hivemind_private");
        var (privateKey, publicKey) = (new byte[32], new byte[32]);

        Blake2b.Hash("notifier"u8, [.. hivemind, .. Encoding.UTF8.GetBytes(vector.Json.Text("name"))], privateKey);
        X25519.PublicKey(privateKey, publicKey);

        Assert.That(privateKey, Is.EqualTo(vector.Json.Hex("private")));
        Assert.That(publicKey, Is.EqualTo(vector.Json.Hex("public")));
    }

    [TestCaseSource(nameof(DummyIds))]
    public void Keyed_hashes_of_48_bytes_are_those_of_the_reference(VectorCase vector)
    {
        var info = vector.Json.GetProperty("service_info");
        var id = new byte[48];

        Blake2b.Hash("TestNotifier"u8, Encoding.UTF8.GetBytes($"{info.GetProperty("bar").GetInt64()}_{info.Text("foo")}"), id);

        Assert.That(id, Is.EqualTo(vector.Json.Hex("service_id")));
    }

    [TestCaseSource(nameof(SwarmGroups))]
    public void Every_account_of_a_group_maps_to_its_swarm(VectorCase vector)
    {
        var map = MapOf(vector.Json.GetProperty("swarm_ids"));
        foreach (var entry in vector.Json.GetProperty("accounts").EnumerateArray())
        {
            var account = AccountId.Create(entry.Hex("account"));

            Assert.That(account.SwarmSpace, Is.EqualTo(entry.Number64("swarm_space")), entry.Text("account"));
            Assert.That(map.SwarmOf(account), Is.EqualTo(entry.Number64("swarm_id")), entry.Text("account"));
        }
    }

    [TestCaseSource(nameof(Swarms))]
    public void An_account_maps_to_its_swarm(VectorCase vector)
    {
        var account = AccountId.Create(vector.Json.Hex("account"));

        Assert.That(account.SwarmSpace, Is.EqualTo(vector.Json.Number64("space")));
        Assert.That(MapOf(vector.Json.GetProperty("swarms")).SwarmOf(account), Is.EqualTo(vector.Json.Number64("expect")));
    }

    private static SwarmMap MapOf(JsonElement ids) =>
        new(ids.EnumerateArray().Select(id => ulong.Parse(id.GetString()!, System.Globalization.CultureInfo.InvariantCulture)));
}
