using Npgsql;
using NpgsqlTypes;
using Sotto.FakePhone;

namespace Cli.Tests.Support;

/// <summary>Very many subscriptions of the existing server, each signed by its own account, written in bulk; some of them such as it should never have had.</summary>
internal static class SpnsCrowd
{
    /// <summary>One row in so many has a signature that is not its account's.</summary>
    public const int ForgedOneIn = 50;

    private const int ChunkRows = 10_000;

    /// <summary>How many of so many rows are forged.</summary>
    public static int ForgedOf(int count) => (count + ForgedOneIn - 1) / ForgedOneIn;

    public static async Task FillAsync(SpnsServer server, int count)
    {
        await using var connection = new NpgsqlConnection(server.Database);
        await connection.OpenAsync();
        var signedAt = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 3600;
        for (var first = 0; first < count; first += ChunkRows)
        {
            var wishes = new SpnsWish[Math.Min(ChunkRows, count - first)];
            var begin = first;
            Parallel.For(0, wishes.Length, i => wishes[i] = SpnsWish.Of(SessionAccount.Create(begin + i), Token(begin + i), signedAt, 0, 3) with { Service = (begin + i) % 2 == 0 ? "apns" : "firebase" });
            await CopyAsync(connection, wishes, first);
        }

        await using var analyze = new NpgsqlCommand("ANALYZE", connection);
        await analyze.ExecuteNonQueryAsync();
    }

    private static string Token(int number) => Convert.ToHexStringLower([.. new byte[28], .. BitConverter.GetBytes(number)]);

    private static async Task CopyAsync(NpgsqlConnection connection, SpnsWish[] wishes, int first)
    {
        await using (var rows = await connection.BeginBinaryImportAsync(
            "COPY subscriptions (id, account, session_ed25519, signature, signature_ts, want_data, enc_key, service, svcid) FROM STDIN (FORMAT BINARY)"))
        {
            for (var i = 0; i < wishes.Length; i++)
            {
                var wish = wishes[i];
                await rows.StartRowAsync();
                await rows.WriteAsync(first + i + 1L, NpgsqlDbType.Bigint);
                await rows.WriteAsync(wish.Account.Id, NpgsqlDbType.Bytea);
                await rows.WriteAsync(wish.Account.SessionEd25519!, NpgsqlDbType.Bytea);
                await rows.WriteAsync((first + i) % ForgedOneIn == 0 ? new byte[64] : wish.Signature, NpgsqlDbType.Bytea);
                await rows.WriteAsync(wish.SignedAtSeconds, NpgsqlDbType.Bigint);
                await rows.WriteAsync(true, NpgsqlDbType.Boolean);
                await rows.WriteAsync(wish.EnvelopeKey, NpgsqlDbType.Bytea);
                await rows.WriteAsync(wish.Service, NpgsqlDbType.Varchar);
                await rows.WriteAsync(wish.Token, NpgsqlDbType.Varchar);
            }

            await rows.CompleteAsync();
        }

        await using var namespaces = await connection.BeginBinaryImportAsync("COPY sub_namespaces (subscription, namespace) FROM STDIN (FORMAT BINARY)");
        for (var i = 0; i < wishes.Length; i++)
        {
            foreach (var number in wishes[i].Namespaces)
            {
                await namespaces.StartRowAsync();
                await namespaces.WriteAsync(first + i + 1L, NpgsqlDbType.Bigint);
                await namespaces.WriteAsync(number, NpgsqlDbType.Smallint);
            }
        }

        await namespaces.CompleteAsync();
    }
}
