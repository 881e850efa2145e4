using SwarmListener.Nodes;

namespace SwarmListener.Monitoring;

/// <summary>
/// The one thread of thought about nodes and accounts: ten times a second it takes in what has happened and sends what waits; at every slow check it
/// looks at everything (session-v2 section 5.2).
/// </summary>
internal sealed class MonitorLoop(
    SwarmSettings settings, ServiceNodeDirectory directory, NodeConnections nodes, MonitorSchedule schedule, MonitorSender sender,
    OwnedAccounts accounts, SwarmNetwork network, TimeProvider clock, ILogger<MonitorLoop> logger)
{
    /// <summary>How soon a new subscription is told to the nodes, at the latest (session-v2 section 5.2).</summary>
    public static readonly TimeSpan FastCheck = TimeSpan.FromMilliseconds(100);

    private DateTimeOffset _nextSlowCheck = clock.GetUtcNow();
    private readonly Tidying _tidying = new(clock);
    private int _turn;

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(FastCheck, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                Check();
            }
            // A check begins anew each time; whatever was wrong with this one, the accounts must not stay deaf.
            catch (Exception e)
            {
                logger.CheckFailed(e);
            }
        }
    }

    private void Check()
    {
        while (network.News.TryDequeue(out var change))
            nodes.Learn(change);
        nodes.TellConnected();
        sender.Settle();
        if (directory.TakeNews() is { } list)
            nodes.Apply(list);
        var isDue = clock.GetUtcNow() >= _nextSlowCheck;
        if (isDue)
        {
            _nextSlowCheck = clock.GetUtcNow() + TimeSpan.FromSeconds(settings.SlowCheckSeconds);
            schedule.Check(Now);
        }

        if (TakeAccountNews() || isDue)
            nodes.ConnectNeeded();
        if (SendWaiting() == 0 && isDue && nodes.Pending == 0 && sender.IsIdle)
            _tidying.AtRest();
    }

    // True when accounts came in swarms that we had no use for before.
    private bool TakeAccountNews()
    {
        var needed = schedule.Needed.Count;
        var (installed, announced) = accounts.TakeNews();
        if (installed.Count > 0)
            _tidying.Want();
        foreach (var bucket in installed)
            schedule.AnnounceAll(bucket, Now);
        foreach (var account in announced)
            schedule.Announce(account, Now);
        return schedule.Needed.Count != needed;
    }

    // Returns how many nodes had something to be told.
    private int SendWaiting()
    {
        var ready = nodes.All.Where(node => node.Queue.MaySend).ToList();
        // Each time another node is first, so that none is always behind the bound.
        _turn++;
        for (var i = 0; i < ready.Count && sender.HasRoom; i++)
        {
            var node = ready[(i + _turn) % ready.Count];
            if (schedule.Take(node.Queue, Now) is { } body)
                sender.Send(node, body);
        }

        return ready.Count;
    }

    private uint Now => (uint)clock.GetUtcNow().ToUnixTimeSeconds();
}
