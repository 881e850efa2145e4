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

    /// <summary>Which interface.</summary>
    public HmsVersion Version { get; init; } = HmsVersion.V1;

    /// <summary>The app's (client's) id; named by <see cref="HmsVersion.V1"/>, and with a secret.</summary>
    public required string AppId { get; init; }

    /// <summary>The project; named by the other versions.</summary>
    public string? ProjectId { get; init; }

    /// <summary>See <see cref="VendorConnectionOptions.ConnectionsMax"/>; each carries one request at a time.</summary>
    public int ConnectionsMax { get; init; } = 16;

    /// <summary>See <see cref="VendorConnectionOptions.RequestTimeout"/>.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>See <see cref="VendorConnectionOptions.TrustedRoots"/>.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    internal string SendPath => Version switch
    {
        HmsVersion.V1 => $"/v1/{Uri.EscapeDataString(AppId)}/messages:send",
        HmsVersion.V2 => $"/v2/{Uri.EscapeDataString(ProjectId ?? AppId)}/messages:send",
        _ => $"/v3/{Uri.EscapeDataString(ProjectId ?? AppId)}/messages:send",
    };

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

/// <summary>Huawei's interfaces for sending (providers.md section 5.1).</summary>
public enum HmsVersion
{
    /// <summary>Names the app.</summary>
    V1,

    /// <summary>Names the project, which may have several senders.</summary>
    V2,

    /// <summary>Names the project, and takes tokens of service accounts only.</summary>
    V3,
}
