using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Text;
using Sotto.VendorHttp;

namespace Sotto.WebPush;

/// <summary>Posts messages to push services (RFC 8030), wherever a stranger's endpoint leads, and nowhere else. Thread-safe.</summary>
/// <remarks>
/// Names are resolved here, every address must be public, and the connection goes to an address that was checked: no second look-up, no redirect, no proxy.
/// What a network or a server can do wrong is a <see cref="WebPushResponse.Silence"/>, not an exception. Of a success only the status is read, of a refusal up to
/// <see cref="AnswerBytesMax"/>.
/// </remarks>
public sealed class WebPushClient : IDisposable
{
    /// <summary>How much of a refusal's body is read.</summary>
    public const int AnswerBytesMax = 4096;

    /// <summary>Longest topic (RFC 8030 section 5.4), in characters of the base64url alphabet.</summary>
    public const int TopicLengthMax = 32;

    private const int HeadersKilobytesMax = 16;

    // The status has come; what follows only explains it.
    private static readonly TimeSpan BodyPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(10);

    private readonly EndpointRules _rules;
    private readonly VapidSigner _vapid;
    private readonly TimeSpan _timeout;
    private readonly HttpMessageInvoker _http;

    /// <summary>A client that signs with <paramref name="vapid"/>, which it owns.</summary>
    /// <param name="rules">Checked again before each send.</param>
    /// <param name="vapid">Who we are.</param>
    /// <param name="options">Limits.</param>
    public WebPushClient(EndpointRules rules, VapidSigner vapid, WebPushClientOptions options)
        : this(rules, vapid, options, new GuardedDialer(rules))
    {
    }

    internal WebPushClient(EndpointRules rules, VapidSigner vapid, WebPushClientOptions options, GuardedDialer dialer)
    {
        _rules = rules;
        _vapid = vapid;
        _timeout = options.RequestTimeout;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxConnectionsPerServer = options.ConnectionsPerOriginMax,
            MaxResponseHeadersLength = HeadersKilobytesMax,
            // A server that says more than it has to say loses its connection.
            MaxResponseDrainSize = AnswerBytesMax,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            ConnectTimeout = ConnectPatience < _timeout ? ConnectPatience : _timeout,
            ActivityHeadersPropagator = null,
            ConnectCallback = dialer.ConnectAsync,
        };
        if (options.TrustedRoots is { } roots)
            handler.SslOptions.CertificateChainPolicy = TrustedRoots.Policy(roots);
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        _http = new HttpMessageInvoker(handler);
    }

    /// <summary>The public key that subscriptions are bound to; see <see cref="VapidSigner.PublicKey"/>.</summary>
    public string PublicKey => _vapid.PublicKey;

    /// <summary>Encrypts and posts one message.</summary>
    /// <param name="receiver">Where and for whom.</param>
    /// <param name="message">What.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="ArgumentException">The message is longer than <see cref="ContentEncryption.PlaintextBytesMax"/>.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; the service may have taken the message.</exception>
    public async Task<WebPushResponse> SendAsync(WebPushSubscription receiver, WebPushMessage message, CancellationToken cancellationToken)
    {
        if (_rules.Refuses(receiver.Endpoint.OriginalString, out _) is not null)
            return new WebPushResponse { Silence = WebPushSilences.NotAllowed };

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var endsWithWorth = message.SendWithin < _timeout;
        timeout.CancelAfter(endsWithWorth ? message.SendWithin!.Value : _timeout);
        var isWritten = false;
        using var request = Request(receiver, message, () =>
        {
            timeout.Token.ThrowIfCancellationRequested();
            Volatile.Write(ref isWritten, true);
            if (endsWithWorth)
                timeout.CancelAfter(_timeout);
        });
        try
        {
            using var response = await _http.SendAsync(request, timeout.Token);
            if (!response.IsSuccessStatusCode)
                timeout.CancelAfter(BodyPatience < _timeout ? BodyPatience : _timeout);
            return new WebPushResponse
            {
                Status = (int)response.StatusCode,
                Body = response.IsSuccessStatusCode ? "" : await ReadStartAsync(response.Content, timeout.Token),
                RetryAfter = response.Headers.TryGetValues("Retry-After", out var values) ? values.FirstOrDefault() : null,
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The handler has a patience of its own with connecting.
            if (!timeout.IsCancellationRequested)
                return new WebPushResponse { Silence = Silences.Unreachable };
            return new WebPushResponse { Silence = endsWithWorth && !Volatile.Read(ref isWritten) ? Silences.TooLate : Silences.Timeout };
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new WebPushResponse { Silence = WordFor(e) };
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _vapid.Dispose();
    }

    private HttpRequestMessage Request(WebPushSubscription receiver, WebPushMessage message, Action written)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, receiver.Endpoint)
        {
            Content = new TimedContent(ContentEncryption.Encrypt(receiver, message.Plaintext.Span), "application/octet-stream", written),
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Version = HttpVersion.Version20,
        };
        request.Content.Headers.ContentEncoding.Add("aes128gcm");
        request.Headers.TryAddWithoutValidation("TTL", ((long)Math.Max(0, message.TimeToLive.TotalSeconds)).ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation("Urgency", message.Urgency);
        if (message.Topic is { } topic)
            request.Headers.TryAddWithoutValidation("Topic", topic);
        request.Headers.TryAddWithoutValidation("Authorization", _vapid.AuthorizationFor(receiver.Endpoint));
        return request;
    }

    private static string WordFor(Exception exception) => exception switch
    {
        { InnerException: ForbiddenAddressException } => WebPushSilences.NotAllowed,
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => WebPushSilences.NoSuchName,
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => Silences.Tls,
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => Silences.Unreachable,
        _ => Silences.Broken,
    };

    private static async Task<string> ReadStartAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var buffer = new byte[AnswerBytesMax];
        var length = 0;
        try
        {
            await using var stream = await content.ReadAsStreamAsync(cancellationToken);
            while (length < buffer.Length && await stream.ReadAsync(buffer.AsMemory(length), cancellationToken) is > 0 and var read)
                length += read;
        }
        // What came is enough: the status has said what matters.
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
        }

        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
