using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Bench.Brokers;

/// <summary>What our publisher puts on the wire for a frame.</summary>
internal static class FrameBytes
{
    public static byte[] Of<T>(IReadOnlyList<T> items)
        where T : class => new FrameEnvelope<T>(new Frame<T> { Items = items }, TimeProvider.System, FrameFormat.Compact).Body.ToArray();
}
