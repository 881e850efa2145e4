using Sotto.Bench.Seeding;
using Sotto.Contracts;

namespace Sotto.Bench.Brokers;

/// <summary>What a listener hears, made up: for accounts that the tables know.</summary>
internal static class SampleMessages
{
    /// <summary>So many, of so many random bytes each, for the first accounts in turn.</summary>
    public static List<MessageArrived> Make(int count, int bytes, int accounts)
    {
        var ids = Enumerable.Range(0, Math.Min(count, accounts)).AsParallel().AsOrdered().Select(i => SeedPhone.Of(i).Account.Id).ToArray();
        var now = TimeProvider.System.GetUtcNow();
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var data = new byte[bytes];
            Random.Shared.NextBytes(data);
            return new MessageArrived
            {
                Account = ids[i % ids.Length],
                MessageHash = Convert.ToBase64String(data.AsSpan(0, 32)).TrimEnd('='),
                Namespace = SeedPhone.Namespace,
                StoredAtMilliseconds = now.ToUnixTimeMilliseconds(),
                ExpiresAtMilliseconds = now.AddDays(14).ToUnixTimeMilliseconds(),
                Data = data,
                HeardAt = now,
            };
        })];
    }
}
