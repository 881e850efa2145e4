using Sotto.FakeSwarm;

namespace SwarmListener.Tests.FullSize;

/// <summary>What a large network does in a month, in seconds: swarms split and merge, nodes move, restart, leave and come back.</summary>
internal sealed class Churn(FakeSwarmNetwork swarm, int seed)
{
    private const int NodesAtOnce = 5;

    // A swarm of fewer is left alone, so that some of its nodes always are there to tell.
    private const int MembersMin = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Random _random = new(seed);
    private readonly List<FakeNode> _down = [];

    public async Task RoundsAsync(int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            await RoundAsync();
            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }

        await EndAsync();
    }

    /// <summary>All nodes are up again.</summary>
    public async Task EndAsync()
    {
        foreach (var node in _down)
            await swarm.BringUpAsync(node);
        _down.Clear();
    }

    private async Task RoundAsync()
    {
        await EndAsync();
        var swarms = swarm.Swarms;
        var merged = _random.Next(swarms.Count - 1);
        swarm.MergeSwarms(swarms[merged], swarms[merged + 1]);
        swarm.SplitSwarm(swarms[merged]);
        foreach (var node in NodesOfLargeSwarms())
            swarm.MoveNode(node, swarms[_random.Next(swarms.Count)]);
        foreach (var node in NodesOfLargeSwarms())
            await swarm.RestartAsync(node);
        foreach (var node in NodesOfLargeSwarms())
        {
            await swarm.TakeDownAsync(node);
            _down.Add(node);
        }
    }

    // At most one of each swarm.
    private List<FakeNode> NodesOfLargeSwarms() =>
    [
        .. swarm.Nodes.GroupBy(node => node.Swarm).Where(members => members.Count() >= MembersMin && members.All(node => node.IsUp)).Select(members => members.First())
            .OrderBy(_ => _random.Next()).Take(NodesAtOnce),
    ];
}
