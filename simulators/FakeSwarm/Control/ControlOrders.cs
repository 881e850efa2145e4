namespace Sotto.FakeSwarm.Control;

/// <summary>One message to store. <paramref name="Data"/> is base64.</summary>
internal sealed record StoreOrder(
    string Account, short Namespace, byte[] Data, long TtlMilliseconds = 14L * 86_400_000, int CopiesMax = int.MaxValue);

/// <summary>Many messages, for the accounts in turn.</summary>
internal sealed record FloodOrder(
    int Count, double Rate, IReadOnlyList<string> Accounts, short Namespace = 0, int Size = 100, int CopiesPerMessage = int.MaxValue,
    string? Journal = null);

/// <summary>What can be asked of the simulator over HTTP.</summary>
internal sealed class ControlOrders(FakeSwarmNetwork network)
{
    private const long TtlMillisecondsMax = 30L * 86_400_000;

    public object State() => new
    {
        Height = network.Height,
        OxendAddress = network.OxendAddress,
        OxendCurveAddress = network.OxendCurveAddress,
        RequestsForNodes = network.RequestsForNodes,
        Subscriptions = network.Nodes.Sum(network.SubscriptionsAt),
        Swarms = network.Nodes.GroupBy(node => node.Swarm).OrderBy(swarm => swarm.Key).Select(swarm => new
        {
            Swarm = swarm.Key,
            Nodes = swarm.Count(),
            Subscriptions = swarm.Sum(network.SubscriptionsAt),
        }),
        Nodes = network.Nodes.Select(node => new
        {
            node.Index,
            PublicKey = Convert.ToHexStringLower(node.PublicKey.Span),
            node.Endpoint,
            node.Swarm,
            node.IsUp,
            node.IsSilent,
            node.HasAddress,
            node.DropRate,
            DelayMilliseconds = node.Delay.TotalMilliseconds,
            Subscriptions = network.SubscriptionsAt(node),
        }),
    };

    public object Stats() => network.Statistics;

    public object Monitored(string account)
    {
        var id = AccountOf(account);
        var members = network.MembersOf(id);
        return new
        {
            Swarm = network.SwarmOf(id),
            Nodes = members.Count,
            NodesUp = members.Count(node => node.IsUp),
            Monitors = network.MonitorsOf(id),
        };
    }

    public object Store(StoreOrder order)
    {
        Limits.Require(order.TtlMilliseconds is > 0 and <= TtlMillisecondsMax, "ttlMilliseconds is 1 to 30 days.");
        Limits.Require(order.Data is not null, "data is missing.");
        var timeToLive = TimeSpan.FromMilliseconds(order.TtlMilliseconds);
        return network.Store(AccountOf(order.Account), order.Namespace, order.Data!, timeToLive, order.CopiesMax);
    }

    public async Task<object> FloodAsync(FloodOrder order, CancellationToken cancellation) => await network.FloodAsync(
        new FloodRequest
        {
            Count = order.Count,
            PerSecond = order.Rate,
            Accounts = [.. (order.Accounts ?? []).Select(AccountOf)],
            Namespace = order.Namespace,
            DataBytes = order.Size,
            CopiesPerMessageMax = order.CopiesPerMessage,
            JournalFile = order.Journal,
        },
        cancellation);

    public Task<object> FaultAsync(FaultOrder order) => FaultDesk.ApplyAsync(network, order);

    private static byte[] AccountOf(string? hex)
    {
        Limits.Require(hex?.Length == 2 * Limits.AccountBytes, "account is 66 hex digits.");
        return Convert.FromHexString(hex!);
    }
}
