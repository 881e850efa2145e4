using Sotto.Contracts;
using Sotto.Session;
using SwarmListener.Hearing;
using SwarmListener.Nodes;

namespace SwarmListener;

/// <summary>
/// A message has reached an account's swarm, and a member of the swarm says so: judges the word of a stranger, drops copies, and hands the message
/// on.
/// </summary>
/// <remarks>Runs on the I/O thread: it never waits. A copy costs a look-up and no task.</remarks>
internal sealed class NotifyMessageHandler(
    Audience audience, DuplicateFilter duplicates, HandOver handOver, ListenerMetrics metrics, TimeProvider clock)
{
    /// <summary>Hears one <c>notify.message</c>.</summary>
    public void Hear(NodeConnection node, IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        // Past saturation nothing is read that could not be kept: the time goes to those who carry away what waits (decision 0013).
        if (handOver.IsFull)
        {
            metrics.Refused(Refusal.NoRoom);
            return;
        }

        if (parts.Count != 1 || !NotifyMessage.TryParse(parts[0], out var message))
        {
            metrics.Refused(Refusal.Malformed);
            return;
        }

        var refusal = audience.Judge(node.Swarms, message.Account);
        if (refusal != Refusal.None)
        {
            metrics.Refused(refusal);
            return;
        }

        var key = duplicates.KeyOf(message.Account, message.Namespace, message.Hash, message.ExpiryMilliseconds);
        if (!duplicates.TryAdd(key))
        {
            metrics.Duplicate();
            return;
        }

        refusal = handOver.Take(Arrived(message), key, node.Room);
        if (refusal == Refusal.None)
            metrics.Taken();
        else
            metrics.Refused(refusal);
    }

    private MessageArrived Arrived(in NotifyMessage message) => new()
    {
        Account = message.Account.ToArray(),
        MessageHash = message.Hash,
        Namespace = message.Namespace,
        StoredAtMilliseconds = message.TimestampMilliseconds,
        ExpiresAtMilliseconds = message.ExpiryMilliseconds,
        Data = message.Data?.ToArray(),
        HeardAt = clock.GetUtcNow(),
    };
}
