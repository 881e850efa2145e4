using System.Collections.Concurrent;
using Sotto.OxenMq;
using Sotto.Session;
using SwarmListener.Nodes;

namespace SwarmListener.Monitoring;

/// <summary>Sends monitor requests and counts what nodes answer. Bounded by the bytes that are on their way to all nodes together.</summary>
/// <remarks>The monitor loop sends; outcomes wait in <see cref="Settle"/> until that loop fetches them.</remarks>
internal sealed class MonitorSender(SwarmNetwork network, ListenerMetrics metrics, TimeProvider clock)
{
    /// <summary>
    /// Most bytes of requests on their way. A request is at most about 5 MB, and libzmq copies it: this is what a start costs in memory.
    /// </summary>
    public const long BytesInFlightMax = 64 * 1024 * 1024;

    // After this long a request counts no more: a few silent nodes must not keep the others from being told.
    private static readonly TimeSpan CountedMax = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<Outcome> _outcomes = new();
    private long _bytesInFlight;

    /// <summary>True when another request may be sent now.</summary>
    public bool HasRoom => Interlocked.Read(ref _bytesInFlight) < BytesInFlightMax;

    /// <summary>True when no request waits for its answer.</summary>
    public bool IsIdle => Interlocked.Read(ref _bytesInFlight) == 0;

    /// <summary>Sends the request and returns; it disposes of <paramref name="body"/> in the end.</summary>
    public void Send(NodeConnection node, MonitorBody body) => _ = SendAsync(node, node.Queue.Session, body);

    /// <summary>Tells the queues what became of their requests.</summary>
    public void Settle()
    {
        while (_outcomes.TryDequeue(out var outcome))
        {
            if (outcome.Failed is { } accounts)
                outcome.Queue.Failed(outcome.Session, accounts);
            else
                outcome.Queue.Answered(outcome.Session);
        }
    }

    private async Task SendAsync(NodeConnection node, int session, MonitorBody body)
    {
        List<AccountRef>? failed = null;
        try
        {
            var bytes = body.Finish();
            var reply = network.Client.RequestAsync(node.Peer!, NetworkCommand.MonitorMessages, [bytes], CancellationToken.None);
            await CountAsInFlightAsync(reply, bytes.Length);
            Count(await reply, body.Count);
            // Answered: nobody reads the body any more. After a failure it may still wait to be sent, and is left to the collector.
            body.Dispose();
        }
        catch (OxenMqException e)
        {
            metrics.MonitorRequestFailed(e.Failure);
            failed = body.Accounts;
        }
        catch (ObjectDisposedException)
        {
            failed = body.Accounts;
        }
        finally
        {
            _outcomes.Enqueue(new Outcome(node.Queue, session, failed));
        }
    }

    private async Task CountAsInFlightAsync(Task reply, int bytes)
    {
        Interlocked.Add(ref _bytesInFlight, bytes);
        await Task.WhenAny(reply, Task.Delay(CountedMax, clock, CancellationToken.None));
        Interlocked.Add(ref _bytesInFlight, -bytes);
    }

    private void Count(IReadOnlyList<ReadOnlyMemory<byte>> reply, int asked)
    {
        if (reply.Count != 1 || !MonitorReply.TryParse(reply[0].Span, asked, out var answers))
        {
            metrics.MonitorReplyUnreadable();
            return;
        }

        var accepted = 0;
        foreach (var result in answers.Results)
        {
            if (result.Accepted)
                accepted++;
            else
                metrics.MonitorRefused(result.ErrorCode);
        }

        metrics.MonitorsAccepted(accepted);
    }

    private readonly record struct Outcome(MonitorQueue Queue, int Session, List<AccountRef>? Failed);
}
