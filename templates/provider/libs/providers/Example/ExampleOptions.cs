using System.Security.Cryptography.X509Certificates;
using Sotto.VendorHttp;

namespace Sotto.Example;

/// <summary>Where and how to reach Example.</summary>
public sealed record ExampleOptions
{
    /// <summary>The vendor's host.</summary>
    public static readonly Uri Production = new("https://push.example.com");

    /// <summary>The host.</summary>
    public Uri Endpoint { get; init; } = Production;

    /// <summary>See <see cref="VendorConnectionOptions.ConnectionsMax"/>.</summary>
    public int ConnectionsMax { get; init; } = 2;

    /// <summary>See <see cref="VendorConnectionOptions.RequestTimeout"/>.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>See <see cref="VendorConnectionOptions.TrustedRoots"/>.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    // HTTP/2 with up to so many streams, or else HTTP/1.1. What does the vendor's documentation say?
    internal VendorConnectionOptions Connections() => new()
    {
        Endpoint = Endpoint,
        ConnectionsMax = ConnectionsMax,
        StreamsMax = 100,
        VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        RequestTimeout = RequestTimeout,
        IdleTimeout = TimeSpan.FromMinutes(5),
        TrustedRoots = TrustedRoots,
    };
}
