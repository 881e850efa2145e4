using MassTransit;
using Sotto.Contracts;

namespace Sotto.Hosting.Bus;

/// <summary>Refuses a bus message that is longer than any producer makes one, before it is read; the broker counts it and sets it aside as poison.</summary>
internal sealed class OversizeGuard : IFilter<ReceiveContext>
{
    public Task Send(ReceiveContext context, IPipe<ReceiveContext> next) =>
        context.Body.Length > FrameLimits.WireBytesMax ? throw new OversizeMessageException() : next.Send(context);

    public void Probe(ProbeContext context) => context.CreateFilterScope("oversize");
}

/// <summary>A bus message is longer than <see cref="FrameLimits.WireBytesMax"/>.</summary>
internal sealed class OversizeMessageException() : Exception($"A bus message is longer than {FrameLimits.WireBytesMax} bytes.");
