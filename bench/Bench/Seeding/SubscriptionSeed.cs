using System.Text.Json.Nodes;
using Encryptor;
using Npgsql;
using NpgsqlTypes;
using Sotto.Bench.Running;
using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Sodium;

namespace Sotto.Bench.Seeding;

/// <summary>
/// Fills the tables of Encryptor and listener as if so many phones had subscribed, by COPY instead of one request each: a million through the API would take longer than any bench.
/// </summary>
/// <remarks>
/// Nothing in a row is made up: each account has its key and has signed its own MONITOR text, each device token is sealed to the ApnsSender's public key, each envelope key is
/// wrapped by the Encryptor's own code, and the listener's row is made by the listener's own code from the event that the API would have said. What is missing is the API's table, which
/// no notification touches. The listener loads its table when it starts, so fill before that.
/// </remarks>
internal sealed class SubscriptionSeed : IDisposable
{
    private const int ChunkSize = 10_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(14);

    private readonly EncryptorKeys _encryptor;
    private readonly DeviceTokens _apns;
    private readonly string _database;

    public SubscriptionSeed(BenchSystem system)
    {
        _database = system.ConnectionString;
        _encryptor = EncryptorKeys.Read(system.Keys.Private("encryptor"));
        _apns = new DeviceTokens(SealingKeyPair.FromPrivateKey(KeyFile.ReadKey(system.Keys.Private(SeedPhone.Service))), cacheMax: 0);
    }

    /// <summary>Adds the phones from <paramref name="first"/> on.</summary>
    public async Task FillAsync(int first, int count, Action<string> say, CancellationToken cancellation)
    {
        await using var database = NpgsqlDataSource.Create(_database);
        var now = TimeProvider.System.GetUtcNow();
        var making = MakeAsync(first, Math.Min(ChunkSize, count), now);
        for (var done = 0; done < count;)
        {
            var rows = await making;
            done += rows.Length;
            making = MakeAsync(first + done, Math.Min(ChunkSize, count - done), now);
            await Task.WhenAll(CopyToEncryptorAsync(database, rows, cancellation), CopyToListenerAsync(database, rows, cancellation));
            if (done % (10 * ChunkSize) == 0)
                say($"{done:N0} of {count:N0} subscriptions are in the tables ...");
        }

        await making;
        // Statistics as a server that has run for a while has them, and nothing left to be written while we measure.
        await using var settle = database.CreateCommand("ANALYZE encryptor.subscriptions; ANALYZE swarm_listener.subscriptions; CHECKPOINT");
        settle.CommandTimeout = 600;
        await settle.ExecuteNonQueryAsync(cancellation);
    }

    public void Dispose()
    {
        _encryptor.Dispose();
        _apns.Dispose();
    }

    private Task<Row[]> MakeAsync(int first, int count, DateTimeOffset now) => Task.Run(() =>
    {
        var rows = new Row[count];
        Parallel.For(0, count, i => rows[i] = Make(first + i, now));
        return rows;
    });

    private Row Make(int index, DateTimeOffset now)
    {
        var phone = SeedPhone.Of(index);
        var request = phone.SubscribeRequest(SeedPhone.Service, [SeedPhone.Namespace]);
        var token = phone.TokenFor(SeedPhone.Service);
        var id = Guid.NewGuid();
        var change = new SubscriptionChanged
        {
            SubscriptionId = id,
            Revision = index + 1,
            Withdrawn = false,
            Account = phone.Account.Id,
            Provider = SeedPhone.Service,
            DeviceId = _apns.DeviceId(token),
            SealedDeviceToken = _apns.Seal(token),
            SealedEnvelopeKey = [],
            Namespaces = [SeedPhone.Namespace],
            WantsData = true,
            Authorization = new MonitorAuthorization
            {
                SessionEd25519 = phone.Account.SessionEd25519,
                SignedAtSeconds = request["sig_ts"]!.GetValue<long>(),
                Signature = Bytes(request, "signature"),
            },
            ExpiresAt = now + Lifetime,
        };
        var listener = SwarmListener.Storage.SubscriptionRow.From(change, out var reason) ?? throw new BenchException($"A subscription was refused: {reason}.");
        return new Row(change, _encryptor.Wrap(id, phone.EnvelopeKey.Span), listener);
    }

    private static byte[] Bytes(JsonObject request, string name) => Convert.FromHexString(request[name]!.GetValue<string>());

    private static async Task CopyToEncryptorAsync(NpgsqlDataSource database, Row[] rows, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var copy = await connection.BeginBinaryImportAsync(
            """
            COPY encryptor.subscriptions (subscription_id, revision, withdrawn, expires_at, account, namespaces, wants_data, provider, device_id, sealed_device_token, wrapped_key)
            FROM STDIN (FORMAT BINARY)
            """,
            cancellation);
        foreach (var (change, wrappedKey, _) in rows)
        {
            await copy.StartRowAsync(cancellation);
            await copy.WriteAsync(change.SubscriptionId, cancellation);
            await copy.WriteAsync(change.Revision, cancellation);
            await copy.WriteAsync(change.Withdrawn, cancellation);
            await copy.WriteAsync(change.ExpiresAt.ToUniversalTime(), NpgsqlDbType.TimestampTz, cancellation);
            await copy.WriteAsync(change.Account, cancellation);
            await copy.WriteAsync(change.Namespaces, cancellation);
            await copy.WriteAsync(change.WantsData, cancellation);
            await copy.WriteAsync(change.Provider, cancellation);
            await copy.WriteAsync(change.DeviceId, cancellation);
            await copy.WriteAsync(change.SealedDeviceToken, cancellation);
            await copy.WriteAsync(wrappedKey, cancellation);
        }

        await copy.CompleteAsync(cancellation);
    }

    private static async Task CopyToListenerAsync(NpgsqlDataSource database, Row[] rows, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var copy = await connection.BeginBinaryImportAsync(
            "COPY swarm_listener.subscriptions (id, revision, withdrawn, account, bucket, kind, signed_at, expires_at, request) FROM STDIN (FORMAT BINARY)", cancellation);
        foreach (var (_, _, row) in rows)
        {
            await copy.StartRowAsync(cancellation);
            await copy.WriteAsync(row.Id, cancellation);
            await copy.WriteAsync(row.Revision, cancellation);
            await copy.WriteAsync(row.Withdrawn, cancellation);
            await copy.WriteAsync(row.Account.ToArray(), cancellation);
            await copy.WriteAsync((short)row.Account.Bucket, cancellation);
            await copy.WriteAsync(row.Upstream.Kind, cancellation);
            await copy.WriteAsync((long)row.Upstream.SignedAt, cancellation);
            await copy.WriteAsync((long)row.Upstream.ExpiresAt, cancellation);
            await copy.WriteAsync(row.Request, cancellation);
        }

        await copy.CompleteAsync(cancellation);
    }

    private sealed record Row(SubscriptionChanged Change, byte[] WrappedKey, SwarmListener.Storage.SubscriptionRow Listener);
}
