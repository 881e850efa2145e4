using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Sotto.VendorHttp;

/// <summary>One handler that holds one connection. Counts what is on it, and goes when it is retired and the last request has left it.</summary>
internal sealed class VendorConnection : IDisposable
{
    // So many time-outs in a row, and nothing heard between them, are a dead line: its pings may be stuck behind the streams (providers.md section 2.1).
    private const int TimeoutsMax = 3;

    private readonly HttpMessageInvoker _invoker;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _first = new(1, 1);
    private int _timeouts;
    private volatile bool _isWarm;
    private bool _disposed;

    public VendorConnection(VendorConnectionOptions options, ConnectionPace pace, DateTimeOffset openedAt)
    {
        OpenedAt = openedAt;
        _invoker = new HttpMessageInvoker(CreateHandler(options, pace, Cool));
    }

    public DateTimeOffset OpenedAt { get; }

    public int InFlight { get; private set; }

    public bool Retired { get; private set; }

    public void Enter()
    {
        lock (_gate)
            InFlight++;
    }

    public void Leave()
    {
        lock (_gate)
        {
            InFlight--;
            DisposeWhenLeft();
        }
    }

    public void Retire()
    {
        lock (_gate)
        {
            Retired = true;
            DisposeWhenLeft();
        }
    }

    /// <summary>
    /// Lets one request go alone until it has been answered. Before its first answer the server's limit of streams is not known, and a client that assumes more has its requests refused.
    /// </summary>
    /// <returns>True when the caller goes first and must call <see cref="FirstIsBack"/>.</returns>
    public async ValueTask<bool> GoFirstAsync(CancellationToken cancellationToken)
    {
        if (_isWarm)
            return false;
        await _first.WaitAsync(cancellationToken);
        if (!_isWarm)
            return true;
        _first.Release();
        return false;
    }

    public void FirstIsBack() => _first.Release();

    /// <summary>The server's limit is not what it was: the next request goes alone again.</summary>
    public void Cool() => _isWarm = false;

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => _invoker.SendAsync(request, cancellationToken);

    public void Heard()
    {
        _isWarm = true;
        Volatile.Write(ref _timeouts, 0);
    }

    /// <summary>True when the connection has been silent too often to be trusted.</summary>
    public bool TimedOut() => Interlocked.Increment(ref _timeouts) >= TimeoutsMax;

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _invoker.Dispose();
        }
    }

    private void DisposeWhenLeft()
    {
        if (!Retired || InFlight > 0 || _disposed)
            return;
        _disposed = true;
        _invoker.Dispose();
    }

    private static SocketsHttpHandler CreateHandler(VendorConnectionOptions options, ConnectionPace pace, Action connecting)
    {
        var handler = new SocketsHttpHandler
        {
            // More than one connection in a handler refuses streams while the server's limit is not yet known (measured, providers.md section 2.1).
            EnableMultipleHttp2Connections = false,
            // Counts for HTTP/1.1 only.
            MaxConnectionsPerServer = Math.Min(options.StreamsMax, VendorConnectionOptions.ConnectionsCeiling),
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionIdleTimeout = options.IdleTimeout,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            ResponseDrainTimeout = TimeSpan.Zero,
            MaxResponseHeadersLength = 16,
            SslOptions = TlsOptions(options),
            ConnectCallback = (context, cancellationToken) =>
            {
                connecting();
                return ConnectAsync(context.DnsEndPoint, pace, cancellationToken);
            },
        };
        if (options.PingAfter is { } silence)
        {
            handler.KeepAlivePingDelay = silence;
            handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
            handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always;
        }

        return handler;
    }

    private static SslClientAuthenticationOptions TlsOptions(VendorConnectionOptions options) => new()
    {
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        CertificateChainPolicy = options.TrustedRoots is { } roots ? TrustedRoots.Policy(roots) : null,
        ClientCertificateContext = options.ClientCertificate is { } own ? SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true) : null,
    };

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint server, ConnectionPace pace, CancellationToken cancellationToken)
    {
        await pace.OpeningAsync(cancellationToken);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            pace.Failed();
            throw;
        }
    }
}
