using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sotto.FakeProvider;

namespace Sotto.FakeApns;

/// <summary>A simulated Apple Push Notification service: HTTP/2 over TLS, production and sandbox, judging as Apple does.</summary>
[SuppressMessage("Design", "MA0049", Justification = "A simulator is called what it simulates, and so is its assembly.")]
public sealed class FakeApns : ProviderSimulator
{
    private const string ProductionListener = "production";
    private const string SandboxListener = "sandbox";

    // providers.md section 3.4.
    private const int BodyBytesMax = 4096;
    private const int VoipBodyBytesMax = 5120;

    private readonly FakeApnsOptions _options;
    private readonly ApnsAuthentication _authentication;

    private FakeApns(FakeApnsOptions options)
        : base("apns", options)
    {
        _options = options;
        Key = options.Key ?? ApnsKey.Create();
        _authentication = new([Key, .. options.OtherKeys], [options.Topic, .. options.OtherTopics], Authority, Clock);
    }

    /// <summary>The address of the sandbox.</summary>
    public Uri SandboxEndpoint => EndpointAt(1);

    /// <summary>The sender's key.</summary>
    public ApnsKey Key { get; }

    /// <summary>The bundle id of the app.</summary>
    public string Topic => _options.Topic;

    /// <summary>Starts a simulated Apple.</summary>
    public static async Task<FakeApns> StartAsync(FakeApnsOptions? options = null)
    {
        var apple = new FakeApns(options ?? new());
        await apple.ListenAsync(
            new ListenerPlan(ProductionListener, apple._options.Port, HttpProtocols.Http2, AsksForCertificate: true),
            new ListenerPlan(SandboxListener, apple._options.SandboxPort, HttpProtocols.Http2, AsksForCertificate: true));
        return apple;
    }

    /// <summary>Makes a client certificate for a sender; by default for the app, good in both environments.</summary>
    public X509Certificate2 IssueCertificate(ApnsEnvironments environments = ApnsEnvironments.Both, params IReadOnlyList<string> topics) =>
        ApnsCertificate.Issue(Authority, topics.Count == 0 ? [Topic] : topics, environments);

    /// <summary>From now on the token is dead: 410 with that instant.</summary>
    public void Unregister(string token, DateTimeOffset at) => Tokens.Set(Normal(token), TokenState.Unregistered, at);

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TokensOf(ReceivedRequest request) =>
        ApnsPath.TokenIn(request.Path) is { Length: > 0 } token ? [Normal(token)] : [];

    /// <inheritdoc/>
    protected override Verdict Judge(ReceivedRequest request, ConnectionState connection)
    {
        var refusal = Refuse(request, connection);
        var headers = new List<KeyValuePair<string, string>> { new("apns-id", Id(request, refusal)) };
        if (refusal is not null)
        {
            var timestamp = refusal.TimestampMilliseconds is { } at ? $",\"timestamp\":{at}" : "";
            var body = Encoding.UTF8.GetBytes($"{{\"reason\":\"{refusal.Reason}\"{timestamp}}}");
            return new() { Status = refusal.Status, Reason = refusal.Reason, Body = body, ContentType = "application/json", Headers = headers };
        }

        if (request.Listener == SandboxListener)
            headers.Add(new("apns-unique-id", Guid.NewGuid().ToString()));
        return new() { Status = 200, Headers = headers, AcceptedTokens = request.Tokens, Content = request.Body };
    }

    // Apple's own order is not published; this is a usual one (providers.md section 10.2).
    private ApnsRefusal? Refuse(ReceivedRequest request, ConnectionState connection) =>
        ApnsHeaders.JudgeRepetition(request)
        ?? ApnsHeaders.JudgeId(request)
        ?? (request.Method == "POST" ? null : ApnsRefusal.MethodNotAllowed)
        ?? _authentication.JudgeTopic(request, connection)
        ?? ApnsHeaders.JudgeOptions(request)
        ?? JudgeToken(request, _authentication.TopicOf(request, connection))
        ?? _authentication.Judge(request, connection)
        ?? JudgeBody(request);

    private ApnsRefusal? JudgeToken(ReceivedRequest request, string? topic)
    {
        var token = ApnsPath.TokenIn(request.Path);
        if (token is null)
            return ApnsRefusal.BadPath;
        if (token.Length == 0)
            return ApnsRefusal.MissingDeviceToken;
        if (!ApnsPath.IsToken(token))
            return ApnsRefusal.BadDeviceToken;

        var entry = Tokens[Normal(token)];
        if (entry.Environment is { } environment && environment != request.Listener)
            return ApnsRefusal.BadDeviceToken;
        if (entry.Topic is { } only && only != topic)
            return ApnsRefusal.DeviceTokenNotForTopic;
        return entry.State switch
        {
            TokenState.Alive => null,
            TokenState.Unregistered => ApnsRefusal.Unregistered(entry.Since ?? Clock.GetUtcNow()),
            TokenState.Expired => ApnsRefusal.ExpiredToken(entry.Since ?? Clock.GetUtcNow()),
            TokenState.Foreign => ApnsRefusal.DeviceTokenNotForTopic,
            TokenState.Throttled => ApnsRefusal.TooManyRequests,
            _ => ApnsRefusal.BadDeviceToken,
        };
    }

    private static ApnsRefusal? JudgeBody(ReceivedRequest request)
    {
        if (request.Body.Length == 0)
            return ApnsRefusal.PayloadEmpty;
        var bytesMax = request.Header("apns-push-type") == "voip" ? VoipBodyBytesMax : BodyBytesMax;
        return request.Body.Length > bytesMax ? ApnsRefusal.PayloadTooLarge : null;
    }

    private static string Id(ReceivedRequest request, ApnsRefusal? refusal) =>
        refusal != ApnsRefusal.BadMessageId && request.Header("apns-id") is { } id ? id : Guid.NewGuid().ToString();

    private static string Normal(string token) => token.ToLowerInvariant();
}
