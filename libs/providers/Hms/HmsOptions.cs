using System.Security.Cryptography.X509Certificates;
using Sotto.VendorHttp;

namespace Sotto.Hms;

/// <summary>Where and how to reach Huawei Push Kit.</summary>
public sealed record HmsOptions
{
    /// <summary>Huawei's host for sending.</summary>
    public static readonly Uri Production = new("https://push-api.cloud.huawei.com");

    /// <summary>Huawei's token endpoint.</summary>
    public static readonly Uri ProductionToken = new("https://oauth-login.cloud.huawei.com/oauth2/v3/token");

    /// <summary>The host.</summary>
    public Uri Endpoint { get; init; } = Production;

    /// <summary>Where access tokens are had.</summary>
    public Uri TokenEndpoint { get; init; } = ProductionToken;

    /// <summary>The app's (client's) id.</summary>
    public required string AppId { get; init; }

    /// <summary>See <see cref="VendorConnectionOptions.ConnectionsMax"/>; each carries one request at a time.</summary>
    public int ConnectionsMax { get; init; } = 16;

    /// <summary>See <see cref="VendorConnectionOptions.RequestTimeout"/>.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>See <see cref="VendorConnectionOptions.TrustedRoots"/>.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    internal VendorConnectionOptions Connections() => Http1(Endpoint, ConnectionsMax, TimeSpan.FromMinutes(2));

    internal VendorConnectionOptions TokenConnections() => Http1(TokenEndpoint, connectionsMax: 1, TimeSpan.FromMinutes(1));

    private VendorConnectionOptions Http1(Uri endpoint, int connectionsMax, TimeSpan idle) => new()
    {
        Endpoint = endpoint,
        ConnectionsMax = connectionsMax,
        StreamsMax = 1,
        HttpVersion = System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        RequestTimeout = RequestTimeout,
        IdleTimeout = idle,
        TrustedRoots = TrustedRoots,
    };
}
