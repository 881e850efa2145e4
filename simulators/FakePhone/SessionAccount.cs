using Sotto.Sodium;

namespace Sotto.FakePhone;

/// <summary>An account as its owner, or as one member of a group by a subaccount, holds it: the id, and a key to sign with (session-v2 section 3).</summary>
public sealed class SessionAccount
{
    private const byte UserPrefix = 0x05;
    private const byte GroupPrefix = 0x03;

    private readonly byte[] _secretKey;

    private SessionAccount(byte[] id, byte[] secretKey) => (Id, _secretKey) = (id, secretKey);

    /// <summary>What a subaccount may do; session-v2 section 3.3.</summary>
    [Flags]
    public enum Rights
    {
        None = 0,
        Read = 1,
        Write = 2,
        Delete = 4,
        AnyPrefix = 8,
    }

    /// <summary>Network prefix and key, 33 bytes.</summary>
    public byte[] Id { get; }

    /// <summary>The id in lower-case hex, 66 digits.</summary>
    public string Hex => Convert.ToHexStringLower(Id);

    /// <summary>The Ed25519 key behind an id of a user (05), 32 bytes; null for a group.</summary>
    public byte[]? SessionEd25519 { get; private init; }

    /// <summary>The subaccount's token, 36 bytes; null for the owner.</summary>
    public byte[]? SubaccountToken { get; private init; }

    /// <summary>The owner's signature of the token, 64 bytes; null for the owner.</summary>
    public byte[]? SubaccountSignature { get; private init; }

    /// <summary>A user's account (05).</summary>
    public static SessionAccount Create(int? seed = null) => FromSeed(new SeededBytes(seed).Take("account", Ed25519.SeedSize));

    /// <summary>A group's account (03), held by its admin.</summary>
    public static SessionAccount CreateGroup(int? seed = null) => GroupFromSeed(new SeededBytes(seed).Take("group", Ed25519.SeedSize));

    /// <summary>A user's account of a known Ed25519 seed, 32 bytes.</summary>
    public static SessionAccount FromSeed(ReadOnlySpan<byte> ed25519Seed)
    {
        var (publicKey, _secretKey) = KeyPair(ed25519Seed);
        var id = new byte[33];
        id[0] = UserPrefix;
        if (!Ed25519.TryToX25519(publicKey, id.AsSpan(1)))
            throw new ArgumentException("The seed gives no account.", nameof(ed25519Seed));
        return new(id, _secretKey) { SessionEd25519 = publicKey };
    }

    /// <summary>A group's account of a known Ed25519 seed, 32 bytes.</summary>
    public static SessionAccount GroupFromSeed(ReadOnlySpan<byte> ed25519Seed)
    {
        var (publicKey, _secretKey) = KeyPair(ed25519Seed);
        return new([GroupPrefix, .. publicKey], _secretKey);
    }

    /// <summary>The account as a member holds it to whom the owner gave these rights.</summary>
    public SessionAccount Subaccount(Rights rights = Rights.Read | Rights.Write, int? seed = null) =>
        SubaccountFromSeed(new SeededBytes(seed).Take("member", Ed25519.SeedSize), rights);

    /// <summary>The account as the member of a known Ed25519 seed holds it.</summary>
    public SessionAccount SubaccountFromSeed(ReadOnlySpan<byte> ed25519Seed, Rights rights = Rights.Read | Rights.Write)
    {
        var (memberKey, memberSecret) = KeyPair(ed25519Seed);
        byte[] token = [Id[0], (byte)rights, 0, 0, .. memberKey];
        return new(Id, memberSecret) { SessionEd25519 = SessionEd25519, SubaccountToken = token, SubaccountSignature = Sign(token) };
    }

    /// <summary>This holder's signature, 64 bytes.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(message, _secretKey, signature);
        return signature;
    }

    /// <inheritdoc/>
    public override string ToString() => "[account]";

    private static (byte[] PublicKey, byte[] SecretKey) KeyPair(ReadOnlySpan<byte> seed)
    {
        var (publicKey, _secretKey) = (new byte[Ed25519.PublicKeySize], new byte[Ed25519.SecretKeySize]);
        Ed25519.KeyPairFromSeed(seed, publicKey, _secretKey);
        return (publicKey, _secretKey);
    }
}
