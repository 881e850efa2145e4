using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using Sotto.Sodium;
using Sotto.TestSupport;

namespace Encryptor.Tests;

/// <summary>What an Encryptor needs around it: a broker, a database, a key; and the hands to say what the others say and to see what comes out.</summary>
internal sealed class EncryptorWorld : IAsyncDisposable
{
    private readonly Broker _broker;
    private readonly FramePublisher<SubscriptionChanged> _subscriptions;
    private readonly FramePublisher<MessageArrived> _messages;
    private readonly SealingKeyPair _sealing;
    private readonly EncryptorKeys _keys;
    private readonly string _keyFile = Path.Combine(Path.GetTempPath(), $"sotto-encryptor-{Guid.NewGuid():N}.key");
    private readonly Device _sentinel;
    private long _revision;

    private EncryptorWorld(Uri rabbitMq, string database, QueueProbe probe)
    {
        (RabbitMq, Database, Probe) = (rabbitMq, database, probe);
        var privateKey = Random(X25519.KeySize);
        KeyFile.Write(_keyFile, privateKey);
        _keys = new EncryptorKeys(privateKey);
        _sealing = SealingKeyPair.FromPrivateKey(privateKey);
        _broker = new Broker(rabbitMq, "test");
        _subscriptions = new(_broker, BusTopology.SubscriptionChanged, mandatory: true, _ => 500, TimeProvider.System, NullLogger.Instance);
        _messages = new(_broker, BusTopology.MessageArrived, mandatory: true, message => 200 + (message.Data?.Length ?? 0), TimeProvider.System, NullLogger.Instance);
        _sentinel = Device(provider: "sentinel");
    }

    public Uri RabbitMq { get; }

    public string Database { get; }

    public QueueProbe Probe { get; }

    public static async Task<EncryptorWorld> CreateAsync(string? database = null)
    {
        var broker = await TestServers.CreateBrokerAsync();
        return new EncryptorWorld(broker.Amqp, database ?? await TestServers.CreateDatabaseAsync(), await QueueProbe.ConnectAsync(broker.Amqp));
    }

    /// <summary>Settings of an Encryptor here; later ones win.</summary>
    public string[] Settings(params string[] more) =>
    [
        $"--ConnectionStrings:RabbitMq={RabbitMq}", $"--ConnectionStrings:Postgres={Database}", $"--Encryptor:PrivateKeyFile={_keyFile}", "--Log:Level=Fatal", .. more,
    ];

    public Task<RunningEncryptor> StartAsync(params string[] more) => StartAsync(TimeProvider.System, more);

    public Task<RunningEncryptor> StartAsync(TimeProvider clock, params string[] more) =>
        RunningEncryptor.StartAsync(Settings(more), builder => builder.Services.AddSingleton(clock));

    /// <summary>A device that wants to be woken, not yet said.</summary>
    public Device Device(byte[]? account = null, string provider = Provider.Apns, short[]? namespaces = null, bool wantsData = true)
    {
        var key = new byte[XChaCha20Poly1305.KeySize];
        RandomSource.Fill(key);
        return new Device(key, new SubscriptionChanged
        {
            SubscriptionId = Guid.NewGuid(),
            Revision = NextRevision(),
            Withdrawn = false,
            Account = account ?? NewAccount(),
            Provider = provider,
            DeviceId = Random(32),
            SealedDeviceToken = Random(120),
            SealedEnvelopeKey = SealedBox.Seal(key, _sealing.PublicKey.Span),
            Namespaces = namespaces ?? [0],
            WantsData = wantsData,
            Authorization = new MonitorAuthorization { SignedAtSeconds = 1, Signature = Random(64) },
            ExpiresAt = TimeProvider.System.GetUtcNow().AddDays(14),
        });
    }

    public byte[] Seal(ReadOnlySpan<byte> envelopeKey) => SealedBox.Seal(envelopeKey, _sealing.PublicKey.Span);

    public long NextRevision() => Interlocked.Increment(ref _revision);

    /// <summary>Says changes as SubscriptionApi does, all in one frame, and waits until the Encryptor has taken them.</summary>
    public async Task SayAsync(params SubscriptionChanged[] changes)
    {
        var last = Device(provider: "sentinel").Wish;
        await _subscriptions.PublishAsync([.. changes, _sentinel.Wish, last], CancellationToken.None);
        await Eventually.BecomesTrueAsync(
            () => QueryAsync<bool>($"SELECT EXISTS (SELECT FROM subscriptions WHERE subscription_id = '{last.SubscriptionId}')"), what: "the changes were taken");
    }

    /// <summary>Says messages as a listener does, all in one frame, and does not wait for what becomes of them.</summary>
    public Task SayAsync(params MessageArrived[] messages) => _messages.PublishAsync(messages, CancellationToken.None);

    /// <summary>Says messages as a listener does, all in one frame, and waits until the Encryptor has dealt with them. Needs an earlier word of a subscription.</summary>
    public async Task HearAsync(params MessageArrived[] messages)
    {
        var last = Message(_sentinel.Wish) with { ExpiresAtMilliseconds = 0 };
        await SayAsync([.. messages, last]);
        var id = _keys.PushId(_sentinel.Wish.Provider, _sentinel.Wish.DeviceId, last.MessageHash);
        await Eventually.BecomesTrueAsync(
            () => QueryAsync<bool>($"SELECT EXISTS (SELECT FROM recent_pushes WHERE push_id = '{id}' UNION ALL SELECT FROM earlier_pushes WHERE push_id = '{id}')"),
            what: "the messages were dealt with");
    }

    public static MessageArrived Message(SubscriptionChanged subscription, byte[]? data = null, short @namespace = 0) => Message(subscription.Account, data, @namespace);

    public static MessageArrived Message(byte[] account, byte[]? data = null, short @namespace = 0)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new MessageArrived
        {
            Account = account,
            MessageHash = Convert.ToBase64String(Random(32)).TrimEnd('='),
            Namespace = @namespace,
            StoredAtMilliseconds = now.ToUnixTimeMilliseconds(),
            ExpiresAtMilliseconds = now.AddDays(14).ToUnixTimeMilliseconds(),
            Data = data,
            HeardAt = now,
        };
    }

    public static byte[] NewAccount() => [0x05, .. Random(32)];

    public static byte[] Random(int length)
    {
        var bytes = new byte[length];
        RandomSource.Fill(bytes);
        return bytes;
    }

    /// <summary>Takes what waits for a provider now. There is no queue before its first push.</summary>
    public async Task<List<EncryptedPush>> TakePushesAsync(string provider = Provider.Apns)
    {
        var queue = Provider.PushQueue(provider);
        if (!await _broker.QueueExistsAsync(queue, CancellationToken.None))
            return [];
        return [.. (await Probe.TakeAllAsync(queue)).SelectMany(message => QueueProbe.Read<Frame<EncryptedPush>>(message).Items)];
    }

    /// <summary>Takes what waits for a provider as it comes, until there are <paramref name="count"/> different pushes.</summary>
    public async Task<List<EncryptedPush>> TakePushesAsync(int count, string provider = Provider.Apns)
    {
        var pushes = new List<EncryptedPush>();
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                pushes.AddRange(await TakePushesAsync(provider));
                return pushes.DistinctBy(push => push.PushId).Count() >= count;
            },
            within: TimeSpan.FromSeconds(90),
            what: $"there were {count} pushes");
        return pushes;
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Database) { SearchPath = "encryptor", Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is { } value and not DBNull ? (T)value : default!;
    }

    public Task ExecuteAsync(string sql) => QueryAsync<object?>(sql);

    public async ValueTask DisposeAsync()
    {
        await _subscriptions.DisposeAsync();
        await _messages.DisposeAsync();
        await _broker.DisposeAsync();
        await Probe.DisposeAsync();
        _keys.Dispose();
        _sealing.Dispose();
        File.Delete(_keyFile);
    }
}

/// <summary>A phone as the Encryptor knows it.</summary>
/// <param name="EnvelopeKey">The key that it chose.</param>
/// <param name="Wish">What it wants.</param>
internal sealed record Device(byte[] EnvelopeKey, SubscriptionChanged Wish);
