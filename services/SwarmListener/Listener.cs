using Sotto.Hosting.Bus;
using SwarmListener.Buckets;
using SwarmListener.Hearing;
using SwarmListener.Monitoring;
using SwarmListener.Nodes;
using SwarmListener.Storage;

namespace SwarmListener;

/// <summary>
/// Starts the parts of the listener in the order in which they need each other, and ends them so that no account is deaf and no accepted message
/// lost.
/// </summary>
internal sealed class Listener(
    BucketOwnership ownership, ChangeFeed feed, AccountKeeper keeper, ServiceNodeDirectory directory, SwarmNetwork network, NodeConnections nodes,
    MonitorLoop loop, OwnedAccounts accounts, DuplicateFilter duplicates, HandOver handOver, StatsFacts facts, IHostApplicationLifetime lifetime,
    ILogger<Listener> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _parts = [];
    private CancellationTokenSource? _holding;
    private Task _ownership = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        ShowState();
        await ownership.StartAsync(cancellationToken);
        Begin(feed.RunAsync);
        // What is loaded before the feed listens might change unheard.
        await feed.Listening.WaitAsync(cancellationToken);
        Begin(keeper.RunAsync);
        Begin(stopping => directory.RunAsync(network.Client, stopping));
        Begin(loop.RunAsync);
        _holding = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        _ownership = WatchAsync(ownership.RunAsync, _holding.Token);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_holding is not null)
        {
            await _holding.CancelAsync();
            await _ownership;
            // Still hearing, while the other instances take over.
            await ownership.PartAsync(cancellationToken);
        }

        await _stopping.CancelAsync();
        await Task.WhenAll(_parts);
        await Task.Run(network.Dispose, CancellationToken.None);
        await handOver.DisposeAsync();
        await ownership.DisposeAsync();
    }

    public void Dispose()
    {
        _holding?.Dispose();
        _stopping.Dispose();
    }

    private void Begin(Func<CancellationToken, Task> part) => _parts.Add(WatchAsync(part, _stopping.Token));

    private async Task WatchAsync(Func<CancellationToken, Task> part, CancellationToken stopping)
    {
        try
        {
            await Task.Run(() => part(stopping), stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The usual end.
        }
        catch (Exception e)
        {
            logger.PartEnded(e);
            lifetime.StopApplication();
        }
    }

    private void ShowState()
    {
        ListenerMetrics.Show("sotto_listener_nodes", "Service nodes in oxend's list", () => nodes.Count);
        ListenerMetrics.Show("sotto_listener_nodes_connected", "Service nodes that listen to us", () => nodes.Connected);
        ListenerMetrics.Show("sotto_listener_nodes_connecting", "Connections to service nodes on their way", () => nodes.Pending);
        ListenerMetrics.Show("sotto_listener_accounts", "Accounts monitored by this instance", () => accounts.Count());
        ListenerMetrics.Show("sotto_listener_buckets", "Buckets held by this instance", () => ownership.Held);
        ListenerMetrics.Show("sotto_listener_instances", "Instances that share the buckets", () => ownership.Instances);
        ListenerMetrics.Show("sotto_listener_height", "Height of the last list's top block", () => directory.Height);
        ListenerMetrics.Show("sotto_listener_swarms", "Swarms of the last list", () => directory.Swarms);
        facts.Show("block_hash", () => directory.BlockHash);
        ListenerMetrics.Show("sotto_listener_waiting", "Messages waiting for the broker", () => handOver.Count);
        ListenerMetrics.Show("sotto_listener_waiting_bytes", "Bytes of messages waiting for the broker", () => handOver.Bytes);
        ListenerMetrics.Show("sotto_listener_remembered", "Messages whose copies are recognised", () => duplicates.Count);
    }
}
