using Sotto.FakeProvider;

namespace Sotto.FakeWebPush;

/// <summary>How the simulated push service is set up.</summary>
public sealed record FakeWebPushOptions : FakeProviderOptions
{
    /// <summary>Longest body that it takes; the RFC's least is 4096 bytes, and nobody takes more.</summary>
    public int BodyBytesMax { get; init; } = 4096;

    /// <summary>Longer times to live are cut to this, as the real ones do without a word.</summary>
    public TimeSpan TtlMax { get; init; } = TimeSpan.FromDays(28);
}
