using Sotto.Dev.Running;
using Sotto.Sodium;

namespace EndToEnd.Tests.Tools;

/// <summary>The keys of a system on this machine.</summary>
public sealed class DevelopmentKeysTests
{
    [Test]
    public void Keys_are_made_once_and_private_ones_are_their_owners_alone()
    {
        var folder = Directory.CreateTempSubdirectory("sotto-keys-").FullName;
        try
        {
            var keys = DevelopmentKeys.Ensure(folder);
            var again = DevelopmentKeys.Ensure(folder);

            Assert.That(again.OnionPublicKey, Is.EqualTo(keys.OnionPublicKey));
            foreach (var name in DevelopmentKeys.Sealed)
            {
                using var pair = SealingKeyPair.FromPrivateKey(KeyFile.ReadKey(keys.Private(name)));
                Assert.That(KeyFile.ReadPublicKey(Path.Combine(keys.PublicFolder, $"{name}.pub")), Is.EqualTo(pair.PublicKey.ToArray()));
                Assert.That(File.GetUnixFileMode(keys.Private(name)), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
