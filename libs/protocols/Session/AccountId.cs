using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Sotto.Session;

/// <summary>
/// An account of the network: one byte of network prefix (<c>05</c> a person, <c>03</c> a group; others are treated like <c>03</c>), then a 32-byte key. The key is
/// the X25519 form of a person's Ed25519 key, and a group's Ed25519 key itself. A value: no allocation, compared by content, never printed.
/// </summary>
public readonly struct AccountId : IEquatable<AccountId>
{
    /// <summary>An account id, in bytes.</summary>
    public const int Size = 33;

    /// <summary>The network prefix of a person's account ("Session ID").</summary>
    public const byte SessionPrefix = 0x05;

    /// <summary>The network prefix of a group's account.</summary>
    public const byte GroupPrefix = 0x03;

    private readonly Content _content;

    private AccountId(ReadOnlySpan<byte> bytes) => bytes.CopyTo(_content);

    /// <summary>All 33 bytes.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Bytes => _content;

    /// <summary>The 32 bytes after the prefix.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Key => Bytes[1..];

    /// <summary>The network prefix.</summary>
    public byte Prefix => _content[0];

    /// <summary>The account's place in swarm space: the XOR of the four big-endian words of its key (session-v2 section 5.4).</summary>
    public ulong SwarmSpace
    {
        get
        {
            var key = Key;
            return BinaryPrimitives.ReadUInt64BigEndian(key)
                ^ BinaryPrimitives.ReadUInt64BigEndian(key[8..])
                ^ BinaryPrimitives.ReadUInt64BigEndian(key[16..])
                ^ BinaryPrimitives.ReadUInt64BigEndian(key[24..]);
        }
    }

    /// <summary>Which of 256 shares of all accounts this one falls into: the highest byte of <see cref="SwarmSpace"/>. Swarms are neighbours there, so they stay together.</summary>
    public byte Bucket => (byte)(SwarmSpace >> 56);

    /// <summary>Same account.</summary>
    public static bool operator ==(AccountId left, AccountId right) => left.Equals(right);

    /// <summary>Different accounts.</summary>
    public static bool operator !=(AccountId left, AccountId right) => !left.Equals(right);

    /// <summary>Takes 33 bytes of any prefix; false for any other size.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, out AccountId account)
    {
        account = bytes.Length == Size ? new AccountId(bytes) : default;
        return bytes.Length == Size;
    }

    /// <summary>Takes 33 bytes of any prefix.</summary>
    /// <exception cref="ArgumentException">It is not 33 bytes.</exception>
    public static AccountId Create(ReadOnlySpan<byte> bytes) =>
        TryCreate(bytes, out var account) ? account : throw new ArgumentException($"An account id has {Size} bytes, this has {bytes.Length}.", nameof(bytes));

    /// <summary>A copy of all 33 bytes.</summary>
    public byte[] ToArray() => Bytes.ToArray();

    /// <inheritdoc/>
    public bool Equals(AccountId other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is AccountId other && Equals(other);

    /// <inheritdoc/>
    // Strangers choose account ids, so the hash is the runtime's seeded one.
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>Never the account.</summary>
    public override string ToString() => "[account]";

    [InlineArray(Size)]
    private struct Content
    {
        private byte first;
    }
}
