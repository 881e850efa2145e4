using Sotto.Bench.Brokers;
using Sotto.Bench.Micro;
using Sotto.Bench.Pipeline;
using Sotto.Bench.Senders;
using Sotto.Bench.Storm;
using Sotto.Bench.Subscribe;
using Sotto.Bench.Swarm;

namespace Sotto.Bench;

/// <summary>Every bench, in the order in which they run when none is named.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<IBench> All { get; } =
    [
        new PipelineBench(), new BrokerBench(), new ScaleBench(), new SubscribeBench(), new ResumeBench(), new NodesBench(), new SendersBench(), new StormBench(), new MicroBench(),
    ];

    /// <summary>Those of these names, in the catalogue's order; all when none is named.</summary>
    /// <exception cref="BenchException">There is no bench of a name.</exception>
    public static IReadOnlyList<IBench> Named(IReadOnlyList<string> names)
    {
        if (names.FirstOrDefault(name => All.All(bench => bench.Name != name)) is { } unknown)
            throw new BenchException($"There is no bench called '{unknown}'; there are {string.Join(", ", All.Select(bench => bench.Name))}.");

        return names.Count == 0 ? All : [.. All.Where(bench => names.Contains(bench.Name, StringComparer.Ordinal))];
    }
}
