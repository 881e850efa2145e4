using System.Buffers.Binary;
using Sotto.Sodium;

namespace SwarmListener.Monitoring;

/// <summary>What a storage server is asked on behalf of an account: the latest of all subscriptions that ask the same.</summary>
/// <param name="Kind">What is asked, and by whom: see <see cref="KindOf"/>.</param>
/// <param name="SignedAt">When the client signed, unix seconds. Of one kind the latest counts.</param>
/// <param name="ExpiresAt">From when on it is void, unix seconds.</param>
internal readonly record struct Upstream(long Kind, uint SignedAt, uint ExpiresAt)
{
    // Token (36 bytes), data flag, namespaces: more than 100 namespaces go to the heap.
    private const int StackBytesMax = 256;

    /// <summary>
    /// Equal for subscriptions of one account that ask the same (session-v2 section 5.1): same subaccount, namespaces and data flag. A hash, stored
    /// and compared within one account only.
    /// </summary>
    public static long KindOf(byte[]? subaccountToken, ReadOnlySpan<short> namespaces, bool wantsData)
    {
        var token = subaccountToken ?? [];
        var length = token.Length + 2 + (namespaces.Length * sizeof(short));
        var text = length <= StackBytesMax ? stackalloc byte[length] : new byte[length];
        text[0] = (byte)token.Length;
        text[1] = wantsData ? (byte)1 : (byte)0;
        token.CopyTo(text[2..]);
        var rest = text[(2 + token.Length)..];
        for (var i = 0; i < namespaces.Length; i++)
            BinaryPrimitives.WriteInt16LittleEndian(rest[(i * sizeof(short))..], namespaces[i]);

        Span<byte> hash = stackalloc byte[Blake2b.HashSizeMin];
        Blake2b.Hash(text, hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }
}
