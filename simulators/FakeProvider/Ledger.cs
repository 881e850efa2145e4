using System.Globalization;

namespace Sotto.FakeProvider;

/// <summary>What a simulator received: exact counts of all of it, and the newest requests whole. Thread-safe.</summary>
public sealed class Ledger(int receivedMax, Journal? journal = null) : IDisposable
{
    /// <summary>Distinct notifications told apart, and devices counted, exactly; about 100 MB when full.</summary>
    public const int DistinctMax = 2_000_000;

    /// <summary>Bytes of the bodies kept whole; the oldest go first.</summary>
    public const long BodyBytesMax = 256L * 1024 * 1024;

    /// <summary>Repeated ids in one summary.</summary>
    public const int RepeatedMax = 1000;

    private readonly Lock _gate = new();
    private readonly Queue<ReceivedRequest> _kept = new();
    private readonly Dictionary<UInt128, int> _taken = [];
    private readonly Dictionary<UInt128, int> _devices = [];
    private readonly Dictionary<string, long> _refused = new(StringComparer.Ordinal);
    private readonly Dictionary<int, long> _statuses = [];
    private readonly Dictionary<FaultKind, long> _faults = [];
    private readonly List<(long Accepted, TaskCompletionSource Reached)> _waiters = [];
    private long _sequence;
    private long _accepted;
    private long _beyondDistinct;
    private long _keptBytes;

    /// <summary>Requests so far.</summary>
    public long Requests
    {
        get
        {
            lock (_gate)
                return _sequence;
        }
    }

    /// <summary>Notifications taken so far, one per device.</summary>
    public long Accepted
    {
        get
        {
            lock (_gate)
                return _accepted;
        }
    }

    /// <summary>The requests that are still kept whole, oldest first.</summary>
    public IReadOnlyList<ReceivedRequest> Received
    {
        get
        {
            lock (_gate)
                return [.. _kept];
        }
    }

    /// <summary>
    /// Kept requests with a sequence above <paramref name="since"/>, oldest first, at most <paramref name="limit"/>; and the oldest sequence still kept.
    /// </summary>
    public (IReadOnlyList<ReceivedRequest> Items, long Oldest) Since(long since, int limit)
    {
        lock (_gate)
            return ([.. _kept.Where(request => request.Sequence > since).Take(limit)], _kept.TryPeek(out var oldest) ? oldest.Sequence : _sequence + 1);
    }

    /// <summary>How many notifications were taken for one device.</summary>
    public int AcceptedFor(string token)
    {
        var device = Fingerprint.Of(token);
        lock (_gate)
            return _devices.GetValueOrDefault(device);
    }

    /// <summary>The counts of this moment.</summary>
    public LedgerSummary Summarise()
    {
        lock (_gate)
        {
            return new()
            {
                Requests = _sequence,
                Accepted = _accepted,
                Distinct = _taken.Count + _beyondDistinct,
                Exact = _beyondDistinct == 0,
                Refused = new Dictionary<string, long>(_refused, StringComparer.Ordinal),
                Statuses = new Dictionary<int, long>(_statuses),
                Faults = new Dictionary<FaultKind, long>(_faults),
                Devices = _devices.Count,
                Repeated = _taken.Where(pair => pair.Value > 1).Take(RepeatedMax)
                    .ToDictionary(pair => Text(pair.Key), pair => pair.Value, StringComparer.Ordinal),
            };
        }
    }

    /// <summary>Ids of distinct notifications taken, at most <paramref name="limit"/>.</summary>
    public IReadOnlyList<string> Ids(int limit)
    {
        lock (_gate)
            return [.. _taken.Keys.Take(limit).Select(Text)];
    }

    /// <summary>Waits until so many notifications were taken, and gives the requests that brought them, as far as they are kept.</summary>
    /// <exception cref="TimeoutException">They did not come in time.</exception>
    public async Task<IReadOnlyList<ReceivedRequest>> WaitForAcceptedAsync(long count, TimeSpan timeout)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_accepted >= count)
                reached.SetResult();
            else
                _waiters.Add((count, reached));
        }

        try
        {
            await reached.Task.WaitAsync(timeout, TimeProvider.System);
        }
        catch (TimeoutException late)
        {
            lock (_gate)
                _waiters.RemoveAll(waiter => waiter.Reached == reached);
            var summary = Summarise();
            var refusals = string.Join(", ", summary.Refused.Select(pair => $"{pair.Key} {pair.Value}"));
            var came = $"{summary.Accepted} of {count} notifications came within {timeout}";
            throw new TimeoutException($"{came}; {summary.Requests} requests, refused: [{refusals}].", late);
        }

        return [.. Received.Where(request => request.Accepted)];
    }

    /// <summary>Forgets everything; sequences begin at 1 again.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _kept.Clear();
            _taken.Clear();
            _devices.Clear();
            _refused.Clear();
            _statuses.Clear();
            _faults.Clear();
            (_sequence, _accepted, _beyondDistinct, _keptBytes) = (0, 0, 0, 0);
        }
    }

    /// <summary>Closes the journal.</summary>
    public void Dispose() => journal?.Dispose();

    internal void Record(ReceivedRequest request, ReadOnlyMemory<byte> content)
    {
        request.Reading = null;
        var notifications = new (UInt128 Notification, UInt128 Device)[request.AcceptedTokens.Count];
        for (var i = 0; i < notifications.Length; i++)
            notifications[i] = (Fingerprint.Of(request.AcceptedTokens[i], content.Span), Fingerprint.Of(request.AcceptedTokens[i]));

        lock (_gate)
        {
            request.Sequence = ++_sequence;
            Increment(_statuses, request.Status);
            if (request.Reason is { } reason)
                Increment(_refused, reason);
            if (request.Fault is { } fault)
                Increment(_faults, fault);
            foreach (var (notification, device) in notifications)
                Take(notification, device);
            Keep(request);
            if (notifications.Length > 0)
                journal?.Write(request, content.Span);
        }
    }

    private static string Text(UInt128 id) => id.ToString("x32", CultureInfo.InvariantCulture);

    private static void Increment<TKey>(Dictionary<TKey, long> counts, TKey key)
        where TKey : notnull => counts[key] = counts.GetValueOrDefault(key) + 1;

    private void Take(UInt128 notification, UInt128 device)
    {
        _accepted++;
        if (_taken.Count < DistinctMax || _taken.ContainsKey(notification))
            _taken[notification] = _taken.GetValueOrDefault(notification) + 1;
        else
            _beyondDistinct++;
        if (_devices.Count < DistinctMax || _devices.ContainsKey(device))
            _devices[device] = _devices.GetValueOrDefault(device) + 1;

        for (var i = _waiters.Count - 1; i >= 0; i--)
        {
            if (_accepted < _waiters[i].Accepted)
                continue;
            _waiters[i].Reached.TrySetResult();
            _waiters.RemoveAt(i);
        }
    }

    private void Keep(ReceivedRequest request)
    {
        _kept.Enqueue(request);
        _keptBytes += request.Body.Length;
        while (_kept.Count > receivedMax || _keptBytes > BodyBytesMax)
            _keptBytes -= _kept.Dequeue().Body.Length;
    }
}
