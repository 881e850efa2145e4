using Sotto.FakeSwarm.Wire;

namespace Sotto.FakeSwarm.Nodes;

/// <summary>What was counted; any thread.</summary>
internal sealed class Tally
{
    private readonly long[] _judged = new long[Enum.GetValues<MonitorErrorCode>().Length];
    private long _stored;
    private long _sent;
    private long _dropped;
    private long _undeliverable;
    private long _lies;
    private long _monitorRequests;
    private long _verified;

    public void Stored() => Interlocked.Increment(ref _stored);

    public void Sent() => Interlocked.Increment(ref _sent);

    public void Dropped() => Interlocked.Increment(ref _dropped);

    public void Undeliverable() => Interlocked.Increment(ref _undeliverable);

    public void Lied() => Interlocked.Increment(ref _lies);

    public void MonitorRequest() => Interlocked.Increment(ref _monitorRequests);

    public void Verified() => Interlocked.Increment(ref _verified);

    public void Judged(MonitorErrorCode code) => Interlocked.Increment(ref _judged[(int)code]);

    public FakeSwarmStatistics Read() => new(
        Interlocked.Read(ref _stored),
        Interlocked.Read(ref _sent),
        Interlocked.Read(ref _dropped),
        Interlocked.Read(ref _undeliverable),
        Interlocked.Read(ref _lies),
        Interlocked.Read(ref _monitorRequests),
        Interlocked.Read(ref _judged[0]),
        [.. Enumerable.Range(1, _judged.Length - 1).Select(code => Interlocked.Read(ref _judged[code]))],
        Interlocked.Read(ref _verified));
}
