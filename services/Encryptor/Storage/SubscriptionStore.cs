using System.Runtime.CompilerServices;
using Npgsql;

namespace Encryptor.Storage;

/// <summary>Knows who wants to be woken. Thread-safe.</summary>
internal interface ISubscribers
{
    /// <summary>Who wants to be woken for these messages: one query for all of them. A message for several devices matches several times.</summary>
    public IAsyncEnumerable<MatchedSubscription> MatchAsync(IReadOnlyList<ArrivedMessage> messages, DateTimeOffset now, CancellationToken cancellationToken);
}

/// <summary>The Encryptor's own copy of who wants to be woken. Thread-safe.</summary>
internal sealed class SubscriptionStore(NpgsqlDataSource database) : ISubscribers
{
    /// <summary>Rows that one sweep deletes at a time: short transactions, so that nobody waits.</summary>
    private const int SweepMax = 5_000;

    private const string Upsert =
        """
        INSERT INTO subscriptions AS held
            (subscription_id, revision, withdrawn, expires_at, account, namespaces, wants_data, provider, device_id, sealed_device_token, wrapped_key)
        SELECT c.subscription_id, c.revision, c.withdrawn, c.expires_at, c.account, c.namespaces::smallint[], c.wants_data, c.provider, c.device_id,
            c.sealed_device_token, c.wrapped_key
        FROM unnest($1::uuid[], $2::bigint[], $3::boolean[], $4::timestamptz[], $5::bytea[], $6::text[], $7::boolean[], $8::text[], $9::bytea[], $10::bytea[], $11::bytea[])
            AS c (subscription_id, revision, withdrawn, expires_at, account, namespaces, wants_data, provider, device_id, sealed_device_token, wrapped_key)
        ON CONFLICT (subscription_id) DO UPDATE SET
            revision = excluded.revision,
            withdrawn = excluded.withdrawn,
            expires_at = CASE WHEN excluded.withdrawn THEN greatest(held.expires_at, excluded.expires_at) ELSE excluded.expires_at END,
            account = excluded.account,
            namespaces = excluded.namespaces,
            wants_data = excluded.wants_data,
            provider = excluded.provider,
            device_id = excluded.device_id,
            sealed_device_token = excluded.sealed_device_token,
            wrapped_key = excluded.wrapped_key
        WHERE held.revision < excluded.revision
        """;

    private const string Match =
        """
        SELECT m.position, s.subscription_id, s.wants_data, s.provider, s.device_id, s.sealed_device_token, s.wrapped_key
        FROM unnest($1::bytea[], $2::smallint[]) WITH ORDINALITY AS m (account, namespace, position)
        JOIN subscriptions AS s ON s.account = m.account AND NOT s.withdrawn
        WHERE m.namespace = ANY (s.namespaces) AND s.expires_at > $3
        """;

    /// <summary>Applies changes, each only if its revision is greater than the one held.</summary>
    /// <param name="changes">At most one for each subscription.</param>
    /// <param name="cancellationToken">Gives up; nothing is applied then.</param>
    public async Task ApplyAsync(IReadOnlyCollection<SubscriptionRow> changes, CancellationToken cancellationToken)
    {
        // In one order everywhere, so that two instances never wait for each other in a circle.
        var rows = changes.OrderBy(change => change.SubscriptionId).ToArray();
        await using var command = database.CreateCommand(Upsert);
        Add(rows, row => row.SubscriptionId);
        Add(rows, row => row.Revision);
        Add(rows, row => row.Withdrawn);
        Add(rows, row => row.ExpiresAt);
        Add(rows, row => row.Account);
        // A column of arrays cannot be handed over as an array of arrays: those would have to be of one length.
        Add(rows, row => $"{{{string.Join(',', row.Namespaces)}}}");
        Add(rows, row => row.WantsData);
        Add(rows, row => row.Provider);
        Add(rows, row => row.DeviceId);
        Add(rows, row => row.SealedDeviceToken);
        Add(rows, row => row.WrappedKey);
        await command.ExecuteNonQueryAsync(cancellationToken);

        void Add<T>(SubscriptionRow[] from, Func<SubscriptionRow, T> column) =>
            command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = Array.ConvertAll(from, row => column(row)) });
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<MatchedSubscription> MatchAsync(
        IReadOnlyList<ArrivedMessage> messages, DateTimeOffset now, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var accounts = new byte[messages.Count][];
        var namespaces = new short[messages.Count];
        for (var i = 0; i < messages.Count; i++)
            (accounts[i], namespaces[i]) = (messages[i].Swarm.Account.ToArray(), messages[i].Swarm.Namespace);

        await using var command = database.CreateCommand(Match);
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = accounts });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = namespaces });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return new MatchedSubscription(
                (int)reader.GetInt64(0) - 1,
                reader.GetGuid(1),
                reader.GetBoolean(2),
                reader.GetString(3),
                reader.GetFieldValue<byte[]>(4),
                reader.GetFieldValue<byte[]>(5),
                reader.GetFieldValue<byte[]>(6));
        }
    }

    /// <summary>Deletes what expired before <paramref name="before"/>, withdrawn or not.</summary>
    /// <returns>How many rows.</returns>
    public async Task<int> SweepAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        const string Delete =
            "DELETE FROM subscriptions WHERE ctid = ANY (ARRAY(SELECT ctid FROM subscriptions WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))";
        for (var deleted = 0; ;)
        {
            await using var command = database.CreateCommand(Delete);
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = before });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = SweepMax });
            var some = await command.ExecuteNonQueryAsync(cancellationToken);
            deleted += some;
            if (some < SweepMax)
                return deleted;
        }
    }
}

/// <summary>A subscription as it is stored. Namespaces are never empty, except with the other fields in a withdrawn one.</summary>
internal sealed record SubscriptionRow
{
    public required Guid SubscriptionId { get; init; }

    public required long Revision { get; init; }

    public required bool Withdrawn { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public byte[] Account { get; init; } = [];

    public short[] Namespaces { get; init; } = [];

    public bool WantsData { get; init; }

    public string Provider { get; init; } = "";

    public byte[] DeviceId { get; init; } = [];

    public byte[] SealedDeviceToken { get; init; } = [];

    /// <summary>The envelope key, wrapped by <see cref="EncryptorKeys.Rewrap"/>.</summary>
    public byte[] WrappedKey { get; init; } = [];

    // A record would print every property, the account included.
    public override string ToString() => $"{nameof(SubscriptionRow)} {SubscriptionId} r{Revision}";
}

/// <summary>One device that wants to be woken for one message.</summary>
/// <param name="Message">Which of the messages that were asked about.</param>
/// <param name="SubscriptionId">Its subscription.</param>
/// <param name="WantsData">Whether it wants the message's data.</param>
/// <param name="Provider">Who reaches it.</param>
/// <param name="DeviceId">Recognises it.</param>
/// <param name="SealedDeviceToken">Its token, opaque here.</param>
/// <param name="WrappedKey">Its envelope key, wrapped by <see cref="EncryptorKeys.Rewrap"/>.</param>
internal sealed record MatchedSubscription(
    int Message, Guid SubscriptionId, bool WantsData, string Provider, byte[] DeviceId, byte[] SealedDeviceToken, byte[] WrappedKey)
{
    public override string ToString() => $"{nameof(MatchedSubscription)} {SubscriptionId}";
}
