using System.Net;

namespace Sotto.FakeSwarm;

/// <summary>What a simulated network is made of.</summary>
public sealed record FakeSwarmOptions
{
    /// <summary>Storage nodes, at most 5,000; each is a listener with a port and a key of its own.</summary>
    public int Nodes { get; init; } = 10;

    /// <summary>Swarms that the nodes are dealt out to in turn.</summary>
    public int Swarms { get; init; } = 2;

    /// <summary>Keys, swarm ids and dropped notifications follow from it.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The port of the oxend without encryption; 0 for a free one.</summary>
    public int OxendPort { get; init; }

    /// <summary>The port of the oxend with CURVE; 0 for a free one.</summary>
    public int OxendCurvePort { get; init; }

    /// <summary>The address to listen at; another than loopback for containers.</summary>
    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    /// <summary>The host in the addresses that are given out: the <c>public_ip</c> of the nodes, and oxend's own.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Frames that a connection's send queue holds before more are lost. Real servers have 1,000; a busy machine needs more.</summary>
    public int SendQueueMax { get; init; } = 10_000;

    /// <summary>
    /// Of so many monitor requests one has its signatures verified, by default each. Verifying costs about 50 us, and a million accounts are told to
    /// six nodes each: with 100 a measurement is about the listener and not about this network.
    /// </summary>
    public int VerifyOneIn { get; init; } = 1;

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
