using System.Collections.Concurrent;
using Sotto.Sodium;

namespace Sotto.FakeSwarm.Wire;

/// <summary>
/// The account of each session key that was seen. It is worked out once and not by every node of a swarm: that costs some 70 us, most of it libsodium's
/// check that the key is a point of the right group. Any thread may ask.
/// </summary>
internal sealed class SessionAccounts
{
    /// <summary>At some 120 bytes each, as reckoned from two keys of 33 bytes and a node of the table; when they are full, all are forgotten and worked out again.</summary>
    private const int AccountsMax = 2_000_000;

    private const byte SessionPrefix = 0x05;

    private readonly ConcurrentDictionary<AccountKey, AccountKey> _accounts = new();
    private int _count;

    /// <summary>0x05 and the X25519 form of the key.</summary>
    /// <returns>False for what is no Ed25519 public key of 32 bytes.</returns>
    public bool TryFind(ReadOnlySpan<byte> sessionKey, Span<byte> account)
    {
        if (sessionKey.Length != Ed25519.PublicKeySize)
            return false;

        account[0] = SessionPrefix;
        sessionKey.CopyTo(account[1..]);
        var asked = new AccountKey(account);
        if (_accounts.TryGetValue(asked, out var known))
            return known.Bytes.TryCopyTo(account);
        if (!Ed25519.TryToX25519(sessionKey, account[1..]))
            return false;

        Keep(asked, new AccountKey(account));
        return true;
    }

    private void Keep(AccountKey asked, AccountKey found)
    {
        if (!_accounts.TryAdd(asked, found) || Interlocked.Increment(ref _count) < AccountsMax)
            return;

        _accounts.Clear();
        Volatile.Write(ref _count, 0);
    }
}
