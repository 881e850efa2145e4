using Sotto.LocalServers;
using Sotto.Sodium;

namespace Sotto.Dev.Running;

/// <summary>The key pair of each service that holds secrets, made once for a folder: private halves for their owner alone, public halves in <c>public</c>.</summary>
internal sealed class DevelopmentKeys
{
    private readonly string _folder;

    private DevelopmentKeys(string folder) => _folder = folder;

    /// <summary>Encryptor and the senders, by the names that SubscriptionApi looks for in <see cref="PublicFolder"/>.</summary>
    public static IReadOnlyList<string> Sealed { get; } = ["encryptor", .. SenderManifest.All.SelectMany(sender => sender.Providers)];

    /// <summary>The folder of <c>NAME.pub</c> files.</summary>
    public string PublicFolder => Path.Combine(_folder, "public");

    /// <summary>The key that onion requests are sealed to, in hex.</summary>
    public string OnionPublicKey => Convert.ToHexStringLower(KeyFile.ReadPublicKey(Path.Combine(_folder, "onion.pub")));

    /// <summary>Makes the keys that are not there yet.</summary>
    public static DevelopmentKeys Ensure(string folder)
    {
        var keys = new DevelopmentKeys(folder);
        OwnerOnlyFile.MakeFolder(folder);
        Directory.CreateDirectory(keys.PublicFolder);
        foreach (var name in Sealed)
            keys.Ensure(name, Path.Combine(keys.PublicFolder, $"{name}.pub"));

        keys.Ensure("onion", Path.Combine(folder, "onion.pub"));
        return keys;
    }

    /// <summary>A private key's file.</summary>
    public string Private(string name) => Path.Combine(_folder, $"{name}.key");

    private void Ensure(string name, string publicFile)
    {
        Span<byte> secret = stackalloc byte[X25519.KeySize];
        if (File.Exists(Private(name)))
        {
            KeyFile.ReadKey(Private(name)).CopyTo(secret);
        }
        else
        {
            RandomSource.Fill(secret);
            KeyFile.Write(Private(name), secret);
        }

        if (!File.Exists(publicFile))
        {
            Span<byte> shared = stackalloc byte[X25519.KeySize];
            X25519.PublicKey(secret, shared);
            KeyFile.WritePublicKey(publicFile, shared);
        }

        secret.Clear();
    }
}
