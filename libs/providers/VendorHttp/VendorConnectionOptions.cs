using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Sotto.VendorHttp;

/// <summary>How to hold connections to one server of a vendor.</summary>
public sealed record VendorConnectionOptions
{
    /// <summary>Most connections that may be asked for.</summary>
    public const int ConnectionsCeiling = 64;

    /// <summary>The server: scheme, host and port.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Most connections at one time. The first is opened for the first request, each further one when all others are busy.</summary>
    public int ConnectionsMax { get; init; } = 2;

    /// <summary>Most requests in flight on one connection. The server's own limit, if lower, is obeyed as well.</summary>
    public int StreamsMax { get; init; } = 500;

    /// <summary>HTTP version asked for.</summary>
    public Version HttpVersion { get; init; } = System.Net.HttpVersion.Version20;

    /// <summary>Whether another version will do.</summary>
    public HttpVersionPolicy VersionPolicy { get; init; } = HttpVersionPolicy.RequestVersionExact;

    /// <summary>From the moment that a request is written to its stream until its answer is read whole. Waiting for a stream does not count.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a request may wait for its connection and its stream before it is given up unsent.</summary>
    public TimeSpan StreamWaitMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time for TCP and TLS together.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Least time between the openings of two connections; zero for no limit.</summary>
    public TimeSpan ConnectPause { get; init; }

    /// <summary>Silence after which an HTTP/2 PING asks whether the connection still lives; null for no pings.</summary>
    public TimeSpan? PingAfter { get; init; }

    /// <summary>A connection that carried nothing for so long is closed.</summary>
    public TimeSpan IdleTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>A connection is replaced after so long, so that changes in DNS are seen.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Shown to the server in the TLS handshake; null for none.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>Roots to be trusted besides those of the system, for servers of a test; null for none. Names are checked all the same.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }
}
