using Npgsql;

namespace Sotto.Dev.Chaos;

/// <summary>Reads what the DeadLetterKeeper has kept: only that is known to be a dead letter.</summary>
internal sealed class KeeperWitness(ChaosWorld world)
{
    public async Task<Kept> ReadAsync(CancellationToken cancellation)
    {
        await using var database = NpgsqlDataSource.Create(world.ConnectionString);
        var letters = new Dictionary<Guid, string>();
        await using (var command = database.CreateCommand("SELECT push_id, outcome FROM dead_letters.letters"))
        await using (var row = await command.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation))
                letters[row.GetGuid(0)] = row.GetString(1);
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
/// <param name="Letters">The outcome of each push that is kept, by its id.</param>
/// <param name="Poison">Frames that no consumer could take in the allowed number of deliveries, with the broker's own reason.</param>
internal sealed record Kept(IReadOnlyDictionary<Guid, string> Letters, IReadOnlyList<(string Reason, byte[] Body)> Poison);
