using Microsoft.Extensions.Logging.Abstractions;
using Sotto.Contracts;
using Sotto.FakePhone;
using Sotto.FakeSwarm;
using Sotto.Hosting.Bus;
using Sotto.TestSupport;

namespace SwarmListener.Tests.Service;

/// <summary>What a listener needs around it: a broker, a database, a network; and the hands to subscribe and to see what arrives.</summary>
internal sealed class ListenerWorld : IAsyncDisposable
{
    private const long SignatureLifetimeSeconds = 14 * 24 * 60 * 60;

    private readonly Broker _publishing;
    private readonly FramePublisher<SubscriptionChanged> _subscriptions;
    private long _revision;

    private ListenerWorld(TestBroker broker, string database, FakeSwarmNetwork swarm, ArrivalReader arrivals)
    {
        (TestBroker, Database, Swarm, Arrivals) = (broker, database, swarm, arrivals);
        _publishing = new Broker(broker.Amqp, "test");
        _subscriptions = new FramePublisher<SubscriptionChanged>(
            _publishing, BusTopology.SubscriptionReady, mandatory: true, _ => 500, TimeProvider.System, NullLogger.Instance);
    }

    public TestBroker TestBroker { get; }

    public string Database { get; }

    public FakeSwarmNetwork Swarm { get; }

    public ArrivalReader Arrivals { get; }

    public static async Task<ListenerWorld> CreateAsync(FakeSwarmOptions? swarm = null)
    {
        var broker = await TestServers.CreateBrokerAsync();
        var database = await TestServers.CreateDatabaseAsync();
        var network = await FakeSwarmNetwork.StartAsync(swarm ?? new FakeSwarmOptions { Nodes = 6, Swarms = 2 });
        var arrivals = await ArrivalReader.StartAsync(broker.Amqp);
        return new ListenerWorld(broker, database, network, arrivals);
    }

    /// <summary>Settings of a listener here; later ones win.</summary>
    public IReadOnlyList<string> Settings(params string[] more) =>
    [
        $"--ConnectionStrings:RabbitMq={TestBroker.Amqp}", $"--ConnectionStrings:Postgres={Database}", $"--Swarm:Oxend={Swarm.OxendAddress}",
        "--Swarm:SlowCheckSeconds=1", "--Log:Level=Warning", .. more,
    ];

    public Task<RunningListener> StartListenerAsync(params string[] more) => RunningListener.StartAsync(Settings(more));

    /// <summary>Says on the bus, as SubscriptionApi does, that a device wants to be woken for an account.</summary>
    public async Task<SubscriptionChanged> SubscribeAsync(
        SessionAccount account, short[]? namespaces = null, bool wantsData = true, Guid? id = null, long? signedAt = null)
    {
        var change = Subscription(
            account, namespaces ?? [0], wantsData, id ?? Guid.NewGuid(), signedAt ?? TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        await SayAsync(change);
        return change;
    }

    /// <summary>Says so of many at once.</summary>
    public Task SubscribeAsync(IEnumerable<SessionAccount> accounts)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return SayAsync([.. accounts.Select(account => Subscription(account, [0], wantsData: true, Guid.NewGuid(), now))]);
    }

    /// <summary>Says that the device wants that no more.</summary>
    public Task WithdrawAsync(SubscriptionChanged change) => SayAsync(change with { Withdrawn = true, Revision = NextRevision() });

    public Task SayAsync(params SubscriptionChanged[] changes) => _subscriptions.PublishAsync(changes, CancellationToken.None);

    public SubscriptionChanged Subscription(SessionAccount account, short[] namespaces, bool wantsData, Guid id, long signedAt)
    {
        var text = SignedTexts.Monitor(account.Hex, signedAt, wantsData, namespaces.Select(number => (int)number));
        return new SubscriptionChanged
        {
            SubscriptionId = id,
            Revision = NextRevision(),
            Withdrawn = false,
            Account = account.Id,
            Provider = Provider.Apns,
            DeviceId = new byte[32],
            SealedDeviceToken = new byte[100],
            SealedEnvelopeKey = new byte[80],
            Namespaces = namespaces,
            WantsData = wantsData,
            Authorization = new MonitorAuthorization
            {
                SessionEd25519 = account.SessionEd25519,
                SubaccountToken = account.SubaccountToken,
                SubaccountSignature = account.SubaccountSignature,
                SignedAtSeconds = signedAt,
                Signature = account.Sign(text),
            },
            ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(signedAt + SignatureLifetimeSeconds),
        };
    }

    /// <summary>True when one and the same connection monitors the account at every node that holds it.</summary>
    public bool IsMonitoredEverywhere(SessionAccount account) =>
        Swarm.MembersOf(account.Id).Count is > 0 and var members && Swarm.MonitorsOf(account.Id).Any(monitor => monitor.Nodes == members);

    public Task BecomesMonitoredAsync(SessionAccount account, TimeSpan? within = null) =>
        Eventually.BecomesTrueAsync(() => IsMonitoredEverywhere(account), within, "the account was monitored at every node of its swarm");

    public Task BecomeMonitoredAsync(IReadOnlyCollection<SessionAccount> accounts, TimeSpan? within = null) =>
        Eventually.BecomesTrueAsync(() => accounts.All(IsMonitoredEverywhere), within, "all accounts were monitored at every node of their swarms");

    public async ValueTask DisposeAsync()
    {
        await _subscriptions.DisposeAsync();
        await _publishing.DisposeAsync();
        await Arrivals.DisposeAsync();
        await Swarm.DisposeAsync();
    }

    private long NextRevision() => Interlocked.Increment(ref _revision);
}
