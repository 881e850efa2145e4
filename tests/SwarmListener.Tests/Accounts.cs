using System.Buffers.Binary;
using Sotto.Session;
using SwarmListener.Monitoring;

namespace SwarmListener.Tests;

/// <summary>Accounts whose place in swarm space a test chooses.</summary>
internal static class Accounts
{
    /// <summary>A group account at this place; accounts of the same place differ by <paramref name="number"/>.</summary>
    public static AccountId At(ulong space, ulong number = 0)
    {
        Span<byte> bytes = stackalloc byte[AccountId.Size];
        bytes[0] = AccountId.GroupPrefix;
        // The place is the XOR of the four words: the number stands in two of them and cancels out.
        BinaryPrimitives.WriteUInt64BigEndian(bytes[1..], space ^ number);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[9..], number);
        return AccountId.Create(bytes);
    }

    /// <summary>A text that stands for the request of an account; bencoded, and different for different arguments.</summary>
    public static byte[] Request(in AccountId account, long kind = 0, uint signedAt = 1)
    {
        var text = $"{Convert.ToHexStringLower(account.Bytes)} {kind} {signedAt}";
        return System.Text.Encoding.ASCII.GetBytes($"{text.Length}:{text}");
    }

    /// <summary>An upstream that does not expire.</summary>
    public static Upstream Lasting(long kind = 0, uint signedAt = 1) => new(kind, signedAt, uint.MaxValue);

    /// <summary>A table of these accounts, which must be of one bucket.</summary>
    public static AccountTable TableOf(params IEnumerable<AccountId> accounts)
    {
        var table = new AccountTable();
        foreach (var account in accounts)
            table.Put(account, Lasting(), Request(account));
        return table;
    }
}
