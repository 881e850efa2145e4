using Npgsql;
using NpgsqlTypes;
using Sotto.Hosting;
using Sotto.Session;
using SubscriptionApi.Providers;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi.Storage;

/// <summary>A wish on its way into the database.</summary>
internal sealed record StoredWish(SignedRequest Request, Wish Wish, byte[] SealedEnvelopeKey, DeviceAnswer Device, DateTimeOffset At)
{
    /// <summary>What there can be one subscription of.</summary>
    public (AccountId Account, string Provider, string DeviceId) Key { get; } = (Request.Account, Request.Provider, Convert.ToHexString(Device.DeviceId));

    /// <summary>Never the content.</summary>
    public override string ToString() => nameof(StoredWish);
}

/// <summary>What became of a wish.</summary>
/// <param name="Added">True when it is new.</param>
/// <param name="Failure">Why it could not be stored; null when it is.</param>
internal readonly record struct WishOutcome(bool Added, NpgsqlException? Failure);

/// <summary>Stores many wishes in one round trip and one commit, each with what the other services must be told of it.</summary>
internal sealed class WishBatch(NpgsqlDataSource database, OutboxSignal outbox)
{
    /// <summary>Most wishes in one statement; more gain nothing.</summary>
    public const int WishesMax = 128;

    /// <summary>Most wishes that wait for their batch.</summary>
    public const int WaitingMax = 16_384;

    private const int CommandTimeoutSeconds = 10;

    // An array of arrays would have to be rectangular, so namespaces travel as text. Rows are touched in the order of their keys: two instances that store the same ones
    // then wait for each other, and not both for ever. A row that nobody has locked since it was made has no xmax: it was inserted here, not updated.
    private const string Store =
        $"""
        WITH wished AS (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) WITH ORDINALITY
                AS wish ({SubscriptionStore.Columns}, wished_at, number)
        ), stored AS (
            INSERT INTO subscriptions AS held ({SubscriptionStore.Columns}, revision, created_at, renewed_at)
            SELECT subscription_id, account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts, wants_data, namespaces::smallint[],
                provider, device_id, sealed_device_token, sealed_envelope_key, nextval('revisions'), wished_at, wished_at
            FROM wished ORDER BY account, provider, device_id
            ON CONFLICT (account, provider, device_id) DO UPDATE SET
                session_ed25519 = excluded.session_ed25519, subaccount_token = excluded.subaccount_token,
                subaccount_signature = excluded.subaccount_signature, signature = excluded.signature, signature_ts = excluded.signature_ts,
                wants_data = excluded.wants_data, namespaces = excluded.namespaces, sealed_device_token = excluded.sealed_device_token,
                sealed_envelope_key = excluded.sealed_envelope_key, revision = nextval('revisions'), renewed_at = excluded.renewed_at,
                imported_as = NULL
            RETURNING held.*, held.xmax = 0 AS added
        ), told AS (
            INSERT INTO outbox (change, revision, {SubscriptionStore.Columns})
            SELECT CASE WHEN added THEN 'added' ELSE 'renewed' END, revision, {SubscriptionStore.Columns} FROM stored
        )
        SELECT number, added FROM stored JOIN wished USING (account, provider, device_id)
        """;

    /// <summary>Stores them in their order.</summary>
    public async Task<IReadOnlyList<WishOutcome>> StoreAsync(IReadOnlyList<StoredWish> wishes)
    {
        var outcomes = new WishOutcome[wishes.Count];
        // One statement cannot touch a row twice: what repeats a subscription waits for the next.
        for (var rest = Enumerable.Range(0, wishes.Count).ToList(); rest.Count > 0;)
        {
            var keys = new HashSet<(AccountId, string, string)>();
            var now = rest.Where(number => keys.Add(wishes[number].Key)).ToList();
            var results = await StoreSeverallyAsync([.. now.Select(number => wishes[number])]);
            for (var i = 0; i < now.Count; i++)
                outcomes[now[i]] = results[i];
            outbox.Wake();
            rest = [.. rest.Except(now)];
        }

        return outcomes;
    }

    // What the database refuses in one wish must not be the misfortune of those that came with it.
    private async Task<WishOutcome[]> StoreSeverallyAsync(StoredWish[] wishes)
    {
        try
        {
            return Array.ConvertAll(await StoreOnceAsync(wishes), added => new WishOutcome(added, null));
        }
        catch (PostgresException) when (wishes.Length > 1)
        {
            var outcomes = new WishOutcome[wishes.Length];
            for (var i = 0; i < wishes.Length; i++)
                outcomes[i] = (await StoreSeverallyAsync([wishes[i]]))[0];
            return outcomes;
        }
        catch (NpgsqlException e)
        {
            return Array.ConvertAll(wishes, _ => new WishOutcome(false, e));
        }
    }

    private async Task<bool[]> StoreOnceAsync(StoredWish[] wishes)
    {
        await using var command = database.CreateCommand(Store);
        command.CommandTimeout = CommandTimeoutSeconds;
        Add(command, NpgsqlDbType.Uuid, wishes, _ => Guid.NewGuid());
        Add(command, NpgsqlDbType.Bytea, wishes, wish => wish.Request.Account.ToArray());
        Add(command, NpgsqlDbType.Bytea, wishes, wish => wish.Request.SessionEd25519);
        Add(command, NpgsqlDbType.Bytea, wishes, wish => wish.Request.SubaccountToken);
        Add(command, NpgsqlDbType.Bytea, wishes, wish => wish.Request.SubaccountSignature);
        Add(command, NpgsqlDbType.Bytea, wishes, wish => wish.Request.Signature);
        Add(command, NpgsqlDbType.Bigint, wishes, wish => wish.Request.SignedAtSeconds);
        Add(command, NpgsqlDbType.Boolean, wishes, wish => wish.Wish.WantsData);
        Add(command, NpgsqlDbType.Text, wishes, wish => $"{{{string.Join(',', wish.Wish.Namespaces)}}}");
        Add(command, NpgsqlDbType.Text, wishes, wish => wish.Request.Provider);
        Add(command, NpgsqlDbType.Bytea, wishes, wish => wish.Device.DeviceId);
        Add(command, NpgsqlDbType.Bytea, wishes, wish => wish.Device.SealedDeviceToken);
        Add(command, NpgsqlDbType.Bytea, wishes, wish => wish.SealedEnvelopeKey);
        Add(command, NpgsqlDbType.TimestampTz, wishes, wish => wish.At);
        var added = new bool[wishes.Length];
        CrashPoint.Pass("subscribe.before-commit");
        await using (var rows = await command.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
                added[rows.GetInt64(0) - 1] = rows.GetBoolean(1);
        }

        CrashPoint.Pass("subscribe.after-commit");
        return added;
    }

    private static void Add<T>(NpgsqlCommand command, NpgsqlDbType type, StoredWish[] wishes, Func<StoredWish, T> value) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type, Value = Array.ConvertAll(wishes, wish => value(wish)) });
}
