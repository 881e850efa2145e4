using System.Net;

namespace Sotto.FakeProvider;

/// <summary>What can be chosen alike for every provider simulator.</summary>
public record FakeProviderOptions
{
    /// <summary>The TLS port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The control endpoint's port; 0 takes a free one.</summary>
    public int ControlPort { get; init; }

    /// <summary>Where to listen.</summary>
    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    /// <summary>The name in the addresses and in the certificate.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Who issues the server's certificate; null makes an authority for this simulator alone.</summary>
    public TestAuthority? Authority { get; init; }

    /// <summary>The least time between request and answer.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Up to so much is added to <see cref="Latency"/>, evenly spread.</summary>
    public TimeSpan LatencyJitter { get; init; }

    /// <summary>Only device tokens that were made known are alive; otherwise every well-formed one is.</summary>
    public bool StrictTokens { get; init; }

    /// <summary>Requests kept whole for reading back; what is counted stays exact beyond it.</summary>
    public int ReceivedMax { get; init; } = 10_000;

    /// <summary>A file to which every notification that is taken is written at once, see <see cref="Journal"/>; null for none.</summary>
    public string? JournalFile { get; init; }

    /// <summary>HTTP/2 streams at once on one connection.</summary>
    public int MaxStreams { get; init; } = 100;

    /// <summary>The simulator's idea of now.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
