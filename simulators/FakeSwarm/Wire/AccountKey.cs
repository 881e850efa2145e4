using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Sotto.FakeSwarm.Wire;

/// <summary>An account as a value of 33 bytes, so that millions of them cost no object each.</summary>
internal readonly struct AccountKey : IEquatable<AccountKey>
{
    private readonly Content _content;

    public AccountKey(ReadOnlySpan<byte> account)
    {
        Limits.Require(account.Length == Limits.AccountBytes, "An account has 33 bytes.");
        account.CopyTo(_content);
    }

    [UnscopedRef]
    public ReadOnlySpan<byte> Bytes => _content;

    public bool Equals(AccountKey other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is AccountKey other && Equals(other);

    // Keys are random, so a few of their bytes tell them apart; some tests count in the first words and let them cancel out in the swarm space.
    public override int GetHashCode() => HashCode.Combine(BinaryPrimitives.ReadUInt64LittleEndian(Bytes[1..]), BinaryPrimitives.ReadUInt64LittleEndian(Bytes[25..]));

    [InlineArray(Limits.AccountBytes)]
    private struct Content
    {
        private byte first;
    }
}
