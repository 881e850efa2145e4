using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Sotto.WebPush;

/// <summary>Posts messages to push services (RFC 8030), wherever a stranger's endpoint leads, and nowhere else. Thread-safe.</summary>
/// <remarks>
/// Names are resolved here, every address must be public, and the connection goes to an address that was checked: no second look-up, no
/// redirect, no proxy. Answers are read up to <see cref="AnswerBytesMax"/>.
/// </remarks>
public sealed class WebPushClient : IDisposable
{
    /// <summary>How much of an answer's body is read.</summary>
    public const int AnswerBytesMax = 4096;

    /// <summary>Most requests at one time to one origin.</summary>
    public const int ConnectionsPerOriginMax = 10;

    /// <summary>How long one request may take, name look-up and answer included.</summary>
    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    private readonly EndpointRules _rules;
    private readonly VapidSigner _vapid;
    private readonly HttpMessageInvoker _http;

    /// <summary>A client that signs with <paramref name="vapid"/>.</summary>
    /// <param name="rules">Checked again before each send.</param>
    /// <param name="vapid">Who we are.</param>
    /// <param name="configureTls">Adds trusted roots for test servers; null trusts the system's.</param>
    public WebPushClient(EndpointRules rules, VapidSigner vapid, Action<System.Net.Security.SslClientAuthenticationOptions>? configureTls = null)
    {
        _rules = rules;
        _vapid = vapid;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxConnectionsPerServer = ConnectionsPerOriginMax,
            MaxResponseHeadersLength = 16,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            ConnectTimeout = TimeSpan.FromSeconds(10),
            ActivityHeadersPropagator = null,
            ConnectCallback = ConnectAsync,
        };
        configureTls?.Invoke(handler.SslOptions);
        _http = new HttpMessageInvoker(handler);
    }

    /// <summary>Encrypts and posts one message.</summary>
    /// <param name="receiver">Where and for whom.</param>
    /// <param name="plaintext">At most <see cref="ContentEncryption.PlaintextBytesMax"/> bytes.</param>
    /// <param name="timeToLive">How long the service may keep the message; zero means now or never.</param>
    /// <param name="urgency"><c>very-low</c>, <c>low</c>, <c>normal</c> or <c>high</c>.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="HttpRequestException">No answer came: the host cannot be reached, may not be reached, or broke off.</exception>
    /// <exception cref="TimeoutException">No answer came in <see cref="RequestTimeout"/>.</exception>
    public async Task<WebPushResponse> SendAsync(
        WebPushSubscription receiver, ReadOnlyMemory<byte> plaintext, TimeSpan timeToLive, string urgency, CancellationToken cancellationToken)
    {
        if (_rules.Refuses(receiver.Endpoint.OriginalString, out _) is { } wrong)
            throw new HttpRequestException(wrong);

        using var request = new HttpRequestMessage(HttpMethod.Post, receiver.Endpoint)
        {
            Content = new ByteArrayContent(ContentEncryption.Encrypt(receiver, plaintext.Span)),
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Version = HttpVersion.Version20,
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Content.Headers.ContentEncoding.Add("aes128gcm");
        request.Headers.TryAddWithoutValidation("TTL", ((long)Math.Max(0, timeToLive.TotalSeconds)).ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation("Urgency", urgency);
        request.Headers.TryAddWithoutValidation("Authorization", _vapid.AuthorizationFor(receiver.Endpoint));

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(RequestTimeout);
        try
        {
            using var response = await _http.SendAsync(request, timeout.Token);
            return new WebPushResponse(
                response.StatusCode,
                await ReadStartAsync(response.Content, timeout.Token),
                response.Headers.TryGetValues("Retry-After", out var values) ? values.FirstOrDefault() : null);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("The push service did not answer in time.", e);
        }
        catch (IOException e)
        {
            throw new HttpRequestException("The push service broke off its answer.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var target = context.DnsEndPoint;
        var addresses = await Dns.GetHostAddressesAsync(target.Host, cancellationToken);
        var exempt = _rules.TestOrigins.Contains($"https://{target.Host}:{target.Port.ToString(CultureInfo.InvariantCulture)}");
        if (addresses.Length == 0 || (!exempt && !addresses.All(PublicAddress.Is)))
            throw new HttpRequestException("The endpoint's host has no public address.");

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, target.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<string> ReadStartAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[AnswerBytesMax];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}

/// <summary>What a push service answered.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The start of the body; it may speak of the endpoint, so it is never logged whole.</param>
/// <param name="RetryAfter">The header as it came, or null.</param>
public sealed record WebPushResponse(HttpStatusCode Status, string Body, string? RetryAfter)
{
    /// <summary>Never the body.</summary>
    public override string ToString() => $"{nameof(WebPushResponse)} {(int)Status}";
}
