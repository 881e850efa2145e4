namespace Sotto.FakeSwarm.Control;

/// <summary>Turns an order into calls of the network.</summary>
internal static class FaultDesk
{
    private const int LiesMax = 10_000;
    private const int MillisecondsMax = 600_000;

    public static async Task<object> ApplyAsync(FakeSwarmNetwork network, FaultOrder order)
    {
        switch (order.Kind)
        {
            case FaultKind.Drop:
                var rate = Needed(order.Rate, "rate");
                Limits.Require(rate is >= 0 and <= 1, "rate is 0 to 1.");
                return Each(network, order, node => node.DropRate = rate);
            case FaultKind.Delay:
                var milliseconds = Needed(order.Milliseconds, "milliseconds");
                Limits.Require(milliseconds is >= 0 and <= MillisecondsMax, "milliseconds is 0 to 600,000.");
                return Each(network, order, node => node.Delay = TimeSpan.FromMilliseconds(milliseconds));
            case FaultKind.Silence or FaultKind.Speak:
                return Each(network, order, node => node.IsSilent = order.Kind == FaultKind.Silence);
            case FaultKind.HideAddress or FaultKind.ShowAddress:
                return Each(network, order, node => node.HasAddress = order.Kind == FaultKind.ShowAddress);
            case FaultKind.Restart:
                return await EachAsync(network, order, network.RestartAsync);
            case FaultKind.Down:
                return await EachAsync(network, order, network.TakeDownAsync);
            case FaultKind.Up:
                return await EachAsync(network, order, network.BringUpAsync);
            case FaultKind.Lie:
                Limits.Require(order.Count is > 0 and <= LiesMax, "count is 1 to 10,000.");
                var lie = Needed(order.Lie, "lie");
                var told = Chosen(network, order).Sum(node => Enumerable.Range(0, order.Count).Sum(_ => network.Lie(node, lie)));
                return new { told };
            case FaultKind.LoseBlocks or FaultKind.AnnounceBlocks:
                network.AnnouncesBlocks = order.Kind == FaultKind.AnnounceBlocks;
                return Done;
            case FaultKind.OxendDown:
                await network.TakeOxendDownAsync();
                return Done;
            case FaultKind.OxendUp:
                await network.BringOxendUpAsync();
                return Done;
            default:
                return ChangeSwarms(network, order);
        }
    }

    private static object Done { get; } = new { done = true };

    private static object ChangeSwarms(FakeSwarmNetwork network, FaultOrder order)
    {
        switch (order.Kind)
        {
            case FaultKind.Split:
                return new { swarm = network.SplitSwarm(Known(network, Needed(order.Swarm, "swarm"))) };
            case FaultKind.Merge:
                network.MergeSwarms(Known(network, Needed(order.Swarm, "swarm")), Known(network, Needed(order.From, "from")));
                break;
            case FaultKind.Move:
                var node = Needed(order.Node, "node");
                Limits.Require(node >= 0 && node < network.Nodes.Count, "There is no such node.");
                network.MoveNode(network.Nodes[node], Needed(order.Swarm, "swarm"));
                break;
            default:
                network.NextBlock();
                break;
        }

        return new { height = network.Height };
    }

    private static object Each(FakeSwarmNetwork network, FaultOrder order, Action<FakeNode> bend)
    {
        var nodes = Chosen(network, order);
        foreach (var node in nodes)
            bend(node);
        return new { nodes = nodes.Count };
    }

    private static async Task<object> EachAsync(FakeSwarmNetwork network, FaultOrder order, Func<FakeNode, Task> bend)
    {
        var nodes = Chosen(network, order);
        foreach (var node in nodes)
            await bend(node);
        return new { nodes = nodes.Count };
    }

    private static IReadOnlyList<FakeNode> Chosen(FakeSwarmNetwork network, FaultOrder order)
    {
        if (order.Node is not { } index)
            return network.Nodes;

        Limits.Require(index >= 0 && index < network.Nodes.Count, "There is no such node.");
        return [network.Nodes[index]];
    }

    private static ulong Known(FakeSwarmNetwork network, ulong swarm)
    {
        Limits.Require(network.Swarms.Contains(swarm), "There is no such swarm.");
        return swarm;
    }

    private static T Needed<T>(T? value, string name)
        where T : struct
    {
        Limits.Require(value is not null, $"{name} is missing.");
        return value!.Value;
    }
}
