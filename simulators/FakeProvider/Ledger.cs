using System.Globalization;

namespace Sotto.FakeProvider;

/// <summary>What a simulator received: exact counts of all of it, and the newest requests whole. Thread-safe.</summary>
public sealed class Ledger(int receivedMax)
{
    /// <summary>Distinct notifications told apart, and devices counted, exactly; about 100 MB when full.</summary>
    public const int DistinctMax = 2_000_000;

    /// <summary>Bytes of the bodies kept whole; the oldest go first.</summary>
    public const long BodyBytesMax = 256L * 1024 * 1024;

    /// <summary>Repeated ids in one summary.</summary>
    public const int RepeatedMax = 1000;

    private readonly Lock gate = new();
    private readonly Queue<ReceivedRequest> kept = new();
    private readonly Dictionary<UInt128, int> taken = [];
    private readonly Dictionary<UInt128, int> devices = [];
    private readonly Dictionary<string, long> refused = new(StringComparer.Ordinal);
    private readonly Dictionary<int, long> statuses = [];
    private readonly Dictionary<FaultKind, long> faults = [];
    private readonly List<(long Accepted, TaskCompletionSource Reached)> waiters = [];
    private long sequence;
    private long accepted;
    private long beyondDistinct;
    private long keptBytes;

    /// <summary>Requests so far.</summary>
    public long Requests
    {
        get
        {
            lock (gate)
                return sequence;
        }
    }

    /// <summary>Notifications taken so far, one per device.</summary>
    public long Accepted
    {
        get
        {
            lock (gate)
                return accepted;
        }
    }

    /// <summary>The requests that are still kept whole, oldest first.</summary>
    public IReadOnlyList<ReceivedRequest> Received
    {
        get
        {
            lock (gate)
                return [.. kept];
        }
    }

    /// <summary>Kept requests with a sequence above <paramref name="since"/>, oldest first, at most <paramref name="limit"/>; and the oldest sequence still kept.</summary>
    public (IReadOnlyList<ReceivedRequest> Items, long Oldest) Since(long since, int limit)
    {
        lock (gate)
            return ([.. kept.Where(request => request.Sequence > since).Take(limit)], kept.TryPeek(out var oldest) ? oldest.Sequence : sequence + 1);
    }

    /// <summary>How many notifications were taken for one device.</summary>
    public int AcceptedFor(string token)
    {
        var device = Fingerprint.Of(token);
        lock (gate)
            return devices.GetValueOrDefault(device);
    }

    /// <summary>The counts of this moment.</summary>
    public LedgerSummary Summarise()
    {
        lock (gate)
        {
            return new()
            {
                Requests = sequence,
                Accepted = accepted,
                Distinct = taken.Count + beyondDistinct,
                Exact = beyondDistinct == 0,
                Refused = new Dictionary<string, long>(refused, StringComparer.Ordinal),
                Statuses = new Dictionary<int, long>(statuses),
                Faults = new Dictionary<FaultKind, long>(faults),
                Devices = devices.Count,
                Repeated = taken.Where(pair => pair.Value > 1).Take(RepeatedMax).ToDictionary(pair => Text(pair.Key), pair => pair.Value, StringComparer.Ordinal),
            };
        }
    }

    /// <summary>Ids of distinct notifications taken, at most <paramref name="limit"/>.</summary>
    public IReadOnlyList<string> Ids(int limit)
    {
        lock (gate)
            return [.. taken.Keys.Take(limit).Select(Text)];
    }

    /// <summary>Waits until so many notifications were taken, and gives the requests that brought them, as far as they are kept.</summary>
    /// <exception cref="TimeoutException">They did not come in time.</exception>
    public async Task<IReadOnlyList<ReceivedRequest>> WaitForAcceptedAsync(long count, TimeSpan timeout)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (accepted >= count)
                reached.SetResult();
            else
                waiters.Add((count, reached));
        }

        try
        {
            await reached.Task.WaitAsync(timeout, TimeProvider.System);
        }
        catch (TimeoutException late)
        {
            lock (gate)
                waiters.RemoveAll(waiter => waiter.Reached == reached);
            var summary = Summarise();
            var refusals = string.Join(", ", summary.Refused.Select(pair => $"{pair.Key} {pair.Value}"));
            throw new TimeoutException($"{summary.Accepted} of {count} notifications came within {timeout}; {summary.Requests} requests, refused: [{refusals}].", late);
        }

        return [.. Received.Where(request => request.Accepted)];
    }

    /// <summary>Forgets everything; sequences begin at 1 again.</summary>
    public void Clear()
    {
        lock (gate)
        {
            kept.Clear();
            taken.Clear();
            devices.Clear();
            refused.Clear();
            statuses.Clear();
            faults.Clear();
            (sequence, accepted, beyondDistinct, keptBytes) = (0, 0, 0, 0);
        }
    }

    internal void Record(ReceivedRequest request, ReadOnlyMemory<byte> content)
    {
        var notifications = new (UInt128 Notification, UInt128 Device)[request.AcceptedTokens.Count];
        for (var i = 0; i < notifications.Length; i++)
            notifications[i] = (Fingerprint.Of(request.AcceptedTokens[i], content.Span), Fingerprint.Of(request.AcceptedTokens[i]));

        lock (gate)
        {
            request.Sequence = ++sequence;
            Increment(statuses, request.Status);
            if (request.Reason is { } reason)
                Increment(refused, reason);
            if (request.Fault is { } fault)
                Increment(faults, fault);
            foreach (var (notification, device) in notifications)
                Take(notification, device);
            Keep(request);
        }
    }

    private static string Text(UInt128 id) => id.ToString("x32", CultureInfo.InvariantCulture);

    private static void Increment<TKey>(Dictionary<TKey, long> counts, TKey key)
        where TKey : notnull => counts[key] = counts.GetValueOrDefault(key) + 1;

    private void Take(UInt128 notification, UInt128 device)
    {
        accepted++;
        if (taken.Count < DistinctMax || taken.ContainsKey(notification))
            taken[notification] = taken.GetValueOrDefault(notification) + 1;
        else
            beyondDistinct++;
        if (devices.Count < DistinctMax || devices.ContainsKey(device))
            devices[device] = devices.GetValueOrDefault(device) + 1;

        for (var i = waiters.Count - 1; i >= 0; i--)
        {
            if (accepted < waiters[i].Accepted)
                continue;
            waiters[i].Reached.TrySetResult();
            waiters.RemoveAt(i);
        }
    }

    private void Keep(ReceivedRequest request)
    {
        kept.Enqueue(request);
        keptBytes += request.Body.Length;
        while (kept.Count > receivedMax || keptBytes > BodyBytesMax)
            keptBytes -= kept.Dequeue().Body.Length;
    }
}
