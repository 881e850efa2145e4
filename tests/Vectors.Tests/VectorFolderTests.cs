using Sotto.TestSupport;

namespace Vectors.Tests;

public sealed class VectorFolderTests
{
    [Test]
    public void The_folder_holds_vectors()
    {
        (string Area, string File)[] known =
        [
            ("session", "api_validation.json"), ("session", "bencode.json"), ("session", "bytes_encoding.json"), ("session", "ed25519_x25519.json"),
            ("session", "hashes.json"), ("session", "monitor_notify.json"), ("session", "onion_v4.json"), ("session", "payload_encryption.json"),
            ("session", "signatures.json"), ("session", "swarm_mapping.json"), ("session", "v1_onion.json"), ("oxenmq", "bt.json"),
            ("oxenmq", "client-frames.json"), ("oxenmq", "hivemind-session.json"), ("oxenmq", "listener-replies.json"),
            ("oxenmq", "storage-monitor.json"), ("oxenmq", "swarm.json"),
        ];
        var missing = known.Where(one => VectorFolder.PathOf(one.Area, one.File) is null).Select(one => $"{one.Area}/{one.File}").ToArray();

        foreach (var file in missing)
            TestContext.Error.WriteLine($"LEFT OUT: {VectorFolder.Root} has no {file}");

        Assert.That(missing, Has.Length.LessThan(known.Length), $"{VectorFolder.Root} holds no vectors at all.");
        if (missing.Length > 0)
            Assert.Pass($"LEFT OUT: {string.Join(", ", missing)}");
    }
}
