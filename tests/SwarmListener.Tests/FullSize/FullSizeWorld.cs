using Sotto.FakePhone;
using Sotto.FakeSwarm;
using Sotto.TestSupport;
using SwarmListener.Nodes;
using SwarmListener.Tests.Service;

namespace SwarmListener.Tests.FullSize;

/// <summary>A network as large as the real one, and accounts in all its swarms.</summary>
internal sealed class FullSizeWorld : IAsyncDisposable
{
    public const int Nodes = 2_000;
    public const int Swarms = 300;
    public const int AccountCount = 2_000;

    /// <summary>The listeners' setting, shorter than usual so that a test sees several.</summary>
    public static readonly TimeSpan SlowCheck = TimeSpan.FromSeconds(5);

    /// <summary>
    /// No account may be deaf for longer: it is noticed at the next slow check at the latest, and nodes are told at once. The same time again is for
    /// a machine on which 2,000 nodes, the listener and much else share two processors.
    /// </summary>
    public static readonly TimeSpan DeafMax = 2 * SlowCheck;

    /// <summary>For what must happen in the end, on any machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private const int SubscribedAtOnce = 500;

    private FullSizeWorld(ListenerWorld world) => World = world;

    public ListenerWorld World { get; }

    public FakeSwarmNetwork Swarm => World.Swarm;

    public IReadOnlyList<SessionAccount> Accounts { get; private set; } = [];

    public IReadOnlyList<byte[]> Ids { get; private set; } = [];

    public static async Task<FullSizeWorld> CreateAsync()
    {
        // One signature in ten is verified: the network must not take the processors away from the listener.
        var options = new FakeSwarmOptions { Nodes = Nodes, Swarms = Swarms, VerifyOneIn = 10, SendQueueMax = 1_000 };
        return new FullSizeWorld(await ListenerWorld.CreateAsync(options));
    }

    public Task<RunningListener> StartListenerAsync(params string[] more) => RunningListener.StartAsync(Settings(more));

    /// <summary>Settings of a listener here; later ones win.</summary>
    public IReadOnlyList<string> Settings(params string[] more) => World.Settings([$"--Swarm:SlowCheckSeconds={SlowCheck.TotalSeconds}", .. more]);

    /// <summary>Has all accounts subscribed, and each told to every node of its swarm.</summary>
    public async Task SubscribeAllAsync()
    {
        Accounts = [.. Enumerable.Range(0, AccountCount).Select(_ => SessionAccount.Create())];
        Ids = [.. Accounts.Select(account => account.Id)];
        foreach (var some in Accounts.Chunk(SubscribedAtOnce))
            await World.SubscribeAsync(some);
        await AllToldEverywhereAsync();
    }

    public Task AllToldEverywhereAsync() => World.BecomeMonitoredAsync(Accounts, Patience);

    public static Task AllConnectedAsync(RunningListener listener) =>
        Eventually.BecomesTrueAsync(() => listener.Get<NodeConnections>().Connected == Nodes, Patience, "all nodes were connected");

    public ValueTask DisposeAsync() => World.DisposeAsync();
}
