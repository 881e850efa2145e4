using System.Security.Cryptography.X509Certificates;
using Sotto.VendorHttp;

namespace Sotto.Apns;

/// <summary>Where and how to reach Apple Push Notification service.</summary>
public sealed record ApnsOptions
{
    /// <summary>The production host.</summary>
    public static readonly Uri Production = new("https://api.push.apple.com");

    /// <summary>The development host. A token of one environment is unknown to the other.</summary>
    public static readonly Uri Sandbox = new("https://api.sandbox.push.apple.com");

    /// <summary>The host.</summary>
    public Uri Endpoint { get; init; } = Production;

    /// <summary>Sent as <c>apns-topic</c>: the app's bundle id, with a suffix for some push types.</summary>
    public required string Topic { get; init; }

    /// <summary>See <see cref="VendorConnectionOptions.ConnectionsMax"/>.</summary>
    public int ConnectionsMax { get; init; } = 2;

    /// <summary>See <see cref="VendorConnectionOptions.StreamsMax"/>. Apple announces its own limit, 1 to 1500, and moves it.</summary>
    public int StreamsMax { get; init; } = 500;

    /// <summary>See <see cref="VendorConnectionOptions.RequestTimeout"/>.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>See <see cref="VendorConnectionOptions.TrustedRoots"/>.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    internal VendorConnectionOptions Connections(X509Certificate2? certificate) => new()
    {
        Endpoint = Endpoint,
        ConnectionsMax = ConnectionsMax,
        StreamsMax = StreamsMax,
        RequestTimeout = RequestTimeout,
        // Opening many connections quickly is taken for an attack (providers.md section 3.6).
        ConnectPause = TimeSpan.FromSeconds(1),
        PingAfter = TimeSpan.FromSeconds(60),
        ClientCertificate = certificate,
        TrustedRoots = TrustedRoots,
    };
}
