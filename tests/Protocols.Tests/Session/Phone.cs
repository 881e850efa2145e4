using Sotto.Session;
using Sotto.Sodium;

namespace Protocols.Tests.Session;

/// <summary>Somebody with a key, as far as the signatures of these tests need one.</summary>
internal sealed class Phone
{
    private readonly byte[] _secretKey = new byte[Ed25519.SecretKeySize];

    internal Phone(byte seed)
    {
        var seedBytes = new byte[Ed25519.SeedSize];
        seedBytes[0] = seed;
        Ed25519.KeyPairFromSeed(seedBytes, PublicKey, _secretKey);
    }

    internal byte[] PublicKey { get; } = new byte[Ed25519.PublicKeySize];

    /// <summary>The <c>05</c> account of this key.</summary>
    internal AccountId Session
    {
        get
        {
            var account = new byte[AccountId.Size];
            account[0] = AccountId.SessionPrefix;
            Ed25519.TryToX25519(PublicKey, account.AsSpan(1));
            return AccountId.Create(account);
        }
    }

    /// <summary>The <c>03</c> account of this key.</summary>
    internal AccountId Group => AccountId.Create([AccountId.GroupPrefix, .. PublicKey]);

    internal byte[] Sign(ReadOnlySpan<byte> text)
    {
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(text, _secretKey, signature);
        return signature;
    }

    /// <summary>A token that lets this key act for a subaccount.</summary>
    internal byte[] Token(byte prefix, byte flags) => [prefix, flags, 0, 0, .. PublicKey];
}
