using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sotto.Hosting;
using Sotto.Hosting.Settings;

namespace SubscriptionApi.Ingress;

/// <summary>Opens the addresses for clients, with everything that keeps one client from taking what all need.</summary>
internal static class IngressSetup
{
    /// <summary>A body, and whoever reads an answer, must move at least so many bytes a second after <see cref="RateGrace"/>.</summary>
    public const double BytesPerSecondMin = 240;

    /// <summary>How long a body or an answer may be slower.</summary>
    public static readonly TimeSpan RateGrace = TimeSpan.FromSeconds(5);

    /// <summary>How long a TLS handshake may take.</summary>
    public static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>All header lines of a request together, in bytes. Service nodes send a few hundred.</summary>
    public const int HeaderBytesMax = 16 * 1024;

    public static void AddIngress(this WebApplicationBuilder builder, ApiSettings api)
    {
        builder.AddSettings<IngressSettings>("Ingress");
        builder.Services.AddSingleton<ClientAddresses>();
        builder.Services.AddSingleton<RateLimits>();
        builder.Services.AddSingleton<IngressRefusals>();
        builder.Services.AddSingleton<ClientConnections>();
        builder.Services.AddSingleton<ServerCertificate>();
        builder.WebHost.ConfigureKestrel(kestrel => Limit(kestrel.Limits, api));
        builder.ListenAt(api.Urls, "Api:Urls", Prepare);
        if (api.Urls.Contains("https:", StringComparison.OrdinalIgnoreCase) && string.IsNullOrEmpty(api.CertificateFile))
            throw new SettingsException("Setting Api:CertificateFile is missing: Api:Urls has an https address.");
    }

    private static void Limit(KestrelServerLimits limits, ApiSettings api)
    {
        limits.MaxConcurrentConnections = api.ConnectionsMax;
        limits.RequestHeadersTimeout = api.HeadersTimeout;
        limits.KeepAliveTimeout = api.KeepAliveTimeout;
        limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
        limits.MinRequestBodyDataRate = new MinDataRate(BytesPerSecondMin, RateGrace);
        limits.MinResponseDataRate = new MinDataRate(BytesPerSecondMin, RateGrace);
    }

    private static void Prepare(ListenOptions listener, bool isTls)
    {
        // One request at a time on each connection, so that the bound on connections bounds requests too.
        listener.Protocols = HttpProtocols.Http1;
        var connections = listener.ApplicationServices.GetRequiredService<ClientConnections>();
        listener.Use(next => connection => connections.HoldAsync(connection, next));
        if (!isTls)
            return;
        listener.Use(next => connection => RefuseUnspokenAsync(connection, next));
        var certificate = listener.ApplicationServices.GetRequiredService<ServerCertificate>();
        listener.UseHttps(
            (_, _, _, _) => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate.Current(),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ApplicationProtocols = [SslApplicationProtocol.Http11],
            }),
            state: null!,
            HandshakeTimeout);
    }

    private static async Task RefuseUnspokenAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            await next(connection);
        }
        // A greeting of no version that is spoken here; any stranger can send one, so it is no error of ours.
        catch (NotSupportedException)
        {
            connection.Abort();
        }
    }
}
