using System.Net;
using System.Security.Cryptography.X509Certificates;
using Sotto.VendorHttp;

namespace Sotto.Fcm;

/// <summary>Where and how to reach Firebase Cloud Messaging.</summary>
public sealed record FcmOptions
{
    /// <summary>Google's host.</summary>
    public static readonly Uri Production = new("https://fcm.googleapis.com");

    /// <summary>The host.</summary>
    public Uri Endpoint { get; init; } = Production;

    /// <summary>Where access tokens are had; null takes the service account's <c>token_uri</c>.</summary>
    public Uri? TokenEndpoint { get; init; }

    /// <summary>The project sent for; null takes the service account's own.</summary>
    public string? ProjectId { get; init; }

    /// <summary>See <see cref="VendorConnectionOptions.ConnectionsMax"/>.</summary>
    public int ConnectionsMax { get; init; } = 4;

    /// <summary>See <see cref="VendorConnectionOptions.StreamsMax"/>. Google closes connections with more than about 100.</summary>
    public int StreamsMax { get; init; } = 90;

    /// <summary>See <see cref="VendorConnectionOptions.RequestTimeout"/>. Google asks for at least 10 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>See <see cref="VendorConnectionOptions.TrustedRoots"/>.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    // No pings: Google takes them for abuse. An idle connection is closed by Google after three to four minutes (providers.md section 4.5).
    internal VendorConnectionOptions Connections() => new()
    {
        Endpoint = Endpoint,
        ConnectionsMax = ConnectionsMax,
        StreamsMax = StreamsMax,
        RequestTimeout = RequestTimeout,
        VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        IdleTimeout = TimeSpan.FromMinutes(10),
        TrustedRoots = TrustedRoots,
    };

    internal VendorConnectionOptions TokenConnections(Uri endpoint) => new()
    {
        Endpoint = endpoint,
        ConnectionsMax = 1,
        StreamsMax = 4,
        RequestTimeout = RequestTimeout,
        VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        IdleTimeout = TimeSpan.FromMinutes(1),
        TrustedRoots = TrustedRoots,
    };
}
