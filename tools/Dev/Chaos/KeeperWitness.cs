using Npgsql;

namespace Sotto.Dev.Chaos;

/// <summary>Reads what the DeadLetterKeeper has kept: only that is known to be a dead letter.</summary>
internal sealed class KeeperWitness(ChaosWorld world)
{
    public async Task<Kept> ReadAsync(CancellationToken cancellation)
    {
        await using var database = NpgsqlDataSource.Create(world.ConnectionString);
        var letters = new List<Letter>();
        await using (var command = database.CreateCommand("SELECT push_id, outcome, attempts, dead_lettered_at FROM dead_letters.letters ORDER BY dead_lettered_at"))
        await using (var row = await command.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation))
                letters.Add(new Letter(row.GetGuid(0), row.GetString(1), row.GetInt32(2), row.GetFieldValue<DateTimeOffset>(3)));
        }

        var poison = new List<(string Reason, byte[] Body)>();
        await using (var command = database.CreateCommand("SELECT reason, body FROM dead_letters.poison"))
        await using (var row = await command.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation))
                poison.Add((row.GetString(0), row.GetFieldValue<byte[]>(1)));
        }

        return new Kept(letters, poison);
    }
}

/// <summary>The DeadLetterKeeper's tables.</summary>
/// <param name="Letters">What no sender could do more for, the oldest first.</param>
/// <param name="Poison">Frames that no consumer could take in the allowed number of deliveries, with the broker's own reason.</param>
internal sealed record Kept(IReadOnlyList<Letter> Letters, IReadOnlyList<(string Reason, byte[] Body)> Poison);

/// <summary>A push that was given up.</summary>
/// <param name="Push">Its id.</param>
/// <param name="Outcome">What came of its last attempt, as the sender calls it.</param>
/// <param name="Attempts">How many were made.</param>
/// <param name="At">When it was given up, by the sender's clock.</param>
internal sealed record Letter(Guid Push, string Outcome, int Attempts, DateTimeOffset At);
