using System.Diagnostics.Metrics;
using Sotto.Hosting.Telemetry;
using Sotto.OxenMq;
using SwarmListener.Hearing;

namespace SwarmListener;

/// <summary>What this listener has done, counted where it happens and read when somebody asks. Thread-safe.</summary>
internal sealed class ListenerMetrics
{
    // Codes that storage servers are documented to send (oxenmq section 6); others are counted together.
    private const int ErrorCodeMax = 6;

    private readonly long[] _refused = new long[Enum.GetValues<Refusal>().Length];
    private readonly long[] _monitorErrors = new long[ErrorCodeMax + 2];
    private readonly long[] _requestFailures = new long[Enum.GetValues<OxenMqFailure>().Length];
    private long _taken;
    private long _duplicates;
    private long _published;
    private long _monitored;
    private long _unreadableReplies;
    private long _reconnects;
    private long _connectFailures;

    public ListenerMetrics()
    {
        Count("sotto_listener_published", "Messages confirmed by the broker", () => _published);
        Count("sotto_listener_dropped", "Notifications not read, or messages not accepted, because too many were waiting; copies of accepted ones among them", () => NotificationsDropped);
        Count("sotto_listener_reconnects", "Node connections that were lost and came back", () => _reconnects);
        Count("sotto_listener_connect_failures", "Attempts to connect to a node that failed", () => _connectFailures);
        Metrics.Meter.CreateObservableCounter("sotto_listener_notifications", Notifications, description: "Notifications from nodes by outcome");
        Metrics.Meter.CreateObservableCounter("sotto_listener_monitors", Monitors, description: "Answers of nodes to single subscriptions");
        Metrics.Meter.CreateObservableCounter(
            "sotto_listener_monitor_requests_failed", RequestFailures, description: "Monitor requests without a usable reply");
    }

    public long NotificationsTaken => Interlocked.Read(ref _taken);

    public long NotificationsDuplicate => Interlocked.Read(ref _duplicates);

    public long NotificationsDropped => RefusedFor(Refusal.NoRoom) + RefusedFor(Refusal.NodeHasTooMany);

    public long MessagesPublished => Interlocked.Read(ref _published);

    public long Monitored => Interlocked.Read(ref _monitored);

    public long Reconnects => Interlocked.Read(ref _reconnects);

    public long RefusedFor(Refusal refusal) => Interlocked.Read(ref _refused[(int)refusal]);

    public void Taken() => Interlocked.Increment(ref _taken);

    public void Duplicate() => Interlocked.Increment(ref _duplicates);

    public void Refused(Refusal refusal) => Interlocked.Increment(ref _refused[(int)refusal]);

    public void Published(int count) => Interlocked.Add(ref _published, count);

    public void MonitorsAccepted(int count) => Interlocked.Add(ref _monitored, count);

    public void MonitorRefused(long errorCode) =>
        Interlocked.Increment(ref _monitorErrors[errorCode is >= 0 and <= ErrorCodeMax ? errorCode : ErrorCodeMax + 1]);

    public void MonitorReplyUnreadable() => Interlocked.Increment(ref _unreadableReplies);

    public void MonitorRequestFailed(OxenMqFailure failure) => Interlocked.Increment(ref _requestFailures[(int)failure]);

    public void Reconnected() => Interlocked.Increment(ref _reconnects);

    public void ConnectFailed() => Interlocked.Increment(ref _connectFailures);

    /// <summary>Shows a present value.</summary>
    public static void Show(string name, string description, Func<long> value) =>
        Metrics.Meter.CreateObservableGauge(name, value, description: description);

    private static void Count(string name, string description, Func<long> value) =>
        Metrics.Meter.CreateObservableCounter(name, value, description: description);

    private static Measurement<long> Labelled(long value, string label, string labelValue) =>
        new(value, new KeyValuePair<string, object?>(label, labelValue));

    private IEnumerable<Measurement<long>> Notifications()
    {
        yield return Labelled(_taken, "outcome", "taken");
        yield return Labelled(_duplicates, "outcome", "duplicate");
        foreach (var refusal in Enum.GetValues<Refusal>().Where(refusal => refusal != Refusal.None))
            yield return Labelled(_refused[(int)refusal], "outcome", refusal.ToString());
    }

    private IEnumerable<Measurement<long>> Monitors()
    {
        yield return Labelled(_monitored, "result", "success");
        for (var code = 0; code <= ErrorCodeMax; code++)
            yield return Labelled(_monitorErrors[code], "result", $"errcode-{code}");
        yield return Labelled(_monitorErrors[ErrorCodeMax + 1], "result", "errcode-other");
    }

    private IEnumerable<Measurement<long>> RequestFailures()
    {
        yield return Labelled(_unreadableReplies, "reason", "unreadable");
        foreach (var failure in Enum.GetValues<OxenMqFailure>())
            yield return Labelled(_requestFailures[(int)failure], "reason", failure.ToString());
    }
}
