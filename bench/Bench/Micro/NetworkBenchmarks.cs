using BenchmarkDotNet.Attributes;
using Sotto.Session;

namespace Sotto.Bench.Micro;

/// <summary>Where an account lives in the storage network, and how its nodes are asked for its messages.</summary>
public class NetworkBenchmarks
{
    // As many as the real network has, about.
    private const int Swarms = 300;

    private readonly SwarmMap _swarms = new(Enumerable.Range(0, Swarms).Select(number => (ulong)number * (ulong.MaxValue / Swarms)));
    private readonly AccountId _account = AccountId.Create(Samples.Account);
    private readonly MonitorSubscription _subscription = new(
        AccountId.Create(Samples.Account), Samples.Bytes(32), null, null, [0], WantsData: true, SignedAtSeconds: 1_700_000_000, Samples.Bytes(64));

    [Benchmark]
    public ulong FindSwarm() => _swarms.SwarmOf(_account);

    [Benchmark]
    public byte[] WriteMonitorRequest() => MonitorRequest.Write([_subscription]);
}
