using Sotto.FakeProvider;

namespace Sotto.FakeApns;

/// <summary>How the simulated Apple is set up.</summary>
public sealed record FakeApnsOptions : FakeProviderOptions
{
    /// <summary>The key of a developer's account as the sender holds it; null makes one.</summary>
    public ApnsKey? Key { get; init; }

    /// <summary>Further keys that the account holds.</summary>
    public IReadOnlyList<ApnsKey> OtherKeys { get; init; } = [];

    /// <summary>The bundle id of the app.</summary>
    public string Topic { get; init; } = "org.example.sotto";

    /// <summary>Bundle ids of further apps of the account.</summary>
    public IReadOnlyList<string> OtherTopics { get; init; } = [];

    /// <summary>The sandbox's TLS port; 0 takes a free one.</summary>
    public int SandboxPort { get; init; }

    /// <summary>The options of Apple: 1000 streams (providers.md section 3.6, seen values).</summary>
    public FakeApnsOptions() => MaxStreams = 1000;
}
