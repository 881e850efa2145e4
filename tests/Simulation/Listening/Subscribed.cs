using System.Buffers.Binary;
using Simulation.Running;
using Sotto.Session;
using SwarmListener.Monitoring;
using SwarmListener.Storage;

namespace Simulation.Listening;

/// <summary>An account that somebody wants to be woken for.</summary>
/// <param name="Id">Of its subscription.</param>
/// <param name="Number">Its name in the trace.</param>
/// <param name="Account">The account.</param>
/// <param name="Since">Since when.</param>
/// <param name="ExpiresAt">Until when.</param>
internal sealed record Subscribed(Guid Id, int Number, AccountId Account, DateTimeOffset Since, DateTimeOffset ExpiresAt)
{
    /// <summary>What the fake nodes understand: a bencoded text of the account id alone.</summary>
    public byte[] Request { get; } = [.. "33:"u8, .. Account.Bytes];

    public static Subscribed Create(Random random, int number, DateTimeOffset now, TimeSpan life)
    {
        Span<byte> bytes = stackalloc byte[AccountId.Size];
        bytes[0] = AccountId.GroupPrefix;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], random.NextInt64());
        BinaryPrimitives.WriteInt32BigEndian(bytes[9..], number);
        BinaryPrimitives.WriteInt32BigEndian(bytes[17..], number);
        return new Subscribed(new Guid(number + 1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]), number, AccountId.Create(bytes), now, now + life);
    }
}

/// <summary>The listeners' table, as the database holds it.</summary>
internal sealed class AccountDatabase(Scheduler scheduler) : IAccountSource
{
    private readonly List<Subscribed> _all = [];

    /// <summary>All of them.</summary>
    public IReadOnlyList<Subscribed> All => _all;

    /// <summary>How likely a statement fails.</summary>
    public double Trouble { get; set; }

    public void Add(Subscribed subscribed) => _all.Add(subscribed);

    public async Task<(Dictionary<byte, AccountTable> Tables, int Refused)> LoadAsync(IReadOnlyCollection<byte> buckets, uint now, CancellationToken cancellationToken)
    {
        await AskAsync();
        var tables = buckets.ToDictionary(bucket => bucket, _ => new AccountTable());
        foreach (var subscribed in _all.Where(subscribed => subscribed.ExpiresAt.ToUnixTimeSeconds() > now))
        {
            if (tables.TryGetValue(subscribed.Account.Bucket, out var table))
                Put(table, subscribed);
        }

        return (tables, 0);
    }

    public async Task<(List<AccountId> Accounts, Dictionary<byte, AccountTable> Tables)> ReadAccountsAsync(
        IReadOnlyCollection<Guid> ids, uint now, CancellationToken cancellationToken)
    {
        await AskAsync();
        var wanted = _all.Where(subscribed => ids.Contains(subscribed.Id)).ToList();
        var tables = wanted.Select(subscribed => subscribed.Account.Bucket).Distinct().ToDictionary(bucket => bucket, _ => new AccountTable());
        foreach (var subscribed in wanted.Where(subscribed => subscribed.ExpiresAt.ToUnixTimeSeconds() > now))
            Put(tables[subscribed.Account.Bucket], subscribed);
        return ([.. wanted.Select(subscribed => subscribed.Account)], tables);
    }

    // Rows that have expired do no harm here.
    public Task<bool> DeleteExpiredAsync(uint now, CancellationToken cancellationToken) => Task.FromResult(false);

    private static void Put(AccountTable table, Subscribed subscribed) => table.Put(
        subscribed.Account, new Upstream(0, (uint)subscribed.Since.ToUnixTimeSeconds(), (uint)subscribed.ExpiresAt.ToUnixTimeSeconds()), subscribed.Request);

    private async Task AskAsync()
    {
        await scheduler.Delay(scheduler.Between(0.001, 0.05));
        if (scheduler.Chance(Trouble))
            throw new IOException("the database is away");
    }
}
