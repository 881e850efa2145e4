using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sotto.FakeProvider;

namespace Sotto.FakeWebPush;

/// <summary>A simulated push service (RFC 8030) together with the browsers and UnifiedPush apps that subscribe at it, so that what is sent is really opened.</summary>
[SuppressMessage("Design", "MA0049", Justification = "A simulator is called what it simulates, and so is its assembly.")]
public sealed class FakeWebPush : ProviderSimulator
{
    /// <summary>More subscriptions than this are refused, so that a runaway load cannot fill the memory.</summary>
    public const int SubscriptionsMax = 100_000;

    /// <summary>The ledger's reason for a message that the service took and the device could not open.</summary>
    public const string Undecipherable = "Undecipherable";

    private const int TopicLengthMax = 32;
    private const int IdSize = 24;

    private static readonly string[] Urgencies = ["very-low", "low", "normal", "high"];

    private readonly ConcurrentDictionary<string, Subscription> _subscriptions = new(StringComparer.Ordinal);
    private readonly FakeWebPushOptions _options;
    private long _messages;

    private FakeWebPush(FakeWebPushOptions options)
        : base("webpush", options) => _options = options;

    /// <summary>Starts a simulated push service.</summary>
    public static async Task<FakeWebPush> StartAsync(FakeWebPushOptions? options = null)
    {
        var service = new FakeWebPush(options ?? new());
        await service.ListenAsync(new ListenerPlan("webpush", service._options.Port, HttpProtocols.Http1AndHttp2));
        return service;
    }

    /// <summary>Makes a device and subscribes it.</summary>
    /// <param name="style">Whose push service it is with.</param>
    /// <param name="applicationServerKey">The VAPID public key that alone may send, base64url; null lets anybody.</param>
    public Subscription Subscribe(PushServiceStyle style = PushServiceStyle.Rfc, string? applicationServerKey = null)
    {
        if (_subscriptions.Count >= SubscriptionsMax)
            throw new InvalidOperationException($"A simulator remembers at most {SubscriptionsMax} subscriptions.");
        var path = PathOf(style, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdSize)));
        var subscription = new Subscription(new Uri(Endpoint.OriginalString + path), style, applicationServerKey);
        _subscriptions[path] = subscription;
        return subscription;
    }

    /// <summary>From now on the subscription is gone: 410.</summary>
    public void Unsubscribe(Subscription subscription) => Tokens.Set(subscription.Endpoint.OriginalString, TokenState.Unregistered);

    /// <inheritdoc/>
    protected override void Dispose()
    {
        foreach (var subscription in _subscriptions.Values)
            subscription.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TokensOf(ReceivedRequest request) =>
        _subscriptions.TryGetValue(request.Path, out var subscription) ? [subscription.Endpoint.OriginalString] : [];

    /// <inheritdoc/>
    protected override object? Obey(string method, string path, JsonElement order)
    {
        if ((method, path) is not ("POST", "/subscriptions"))
            return null;
        var wanted = order.Deserialize<SubscribeOrder>(ControlJson.Options)!;
        return Subscribe(wanted.Style, wanted.ApplicationServerKey).ToJson();
    }

    /// <inheritdoc/>
    protected override Verdict Judge(ReceivedRequest request, ConnectionState connection)
    {
        if (!_subscriptions.TryGetValue(request.Path, out var subscription))
            return PushRefusal.Of(Complaint.NoSuchPath, StyleOf(request.Path));
        var complaint = request.Method == "POST" ? ComplaintOf(request, subscription) : Complaint.WrongMethod;
        return complaint is { } wrong ? PushRefusal.Of(wrong, subscription.Style) : Take(request, subscription);
    }

    private Complaint? ComplaintOf(ReceivedRequest request, Subscription subscription) =>
        StateOf(subscription) ?? HeadersOf(request) ?? SizeOf(request) ?? VapidOf(request, subscription);

    private Complaint? StateOf(Subscription subscription) => Tokens[subscription.Endpoint.OriginalString].State switch
    {
        TokenState.Unregistered or TokenState.Expired => Complaint.Gone,
        TokenState.Bad => Complaint.NeverIssued,
        TokenState.Throttled => Complaint.TooMany,
        TokenState.Foreign => Complaint.OtherKey,
        _ => null,
    };

    private static Complaint? HeadersOf(ReceivedRequest request)
    {
        if (request.Header("ttl") is not { } ttl)
            return Complaint.NoTtl;
        if (!long.TryParse(ttl, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            return Complaint.BadTtl;
        if (request.Header("topic") is { } topic && (topic.Length is 0 or > TopicLengthMax || !topic.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')))
            return Complaint.BadTopic;
        if (request.Header("urgency") is { } urgency && !Urgencies.Contains(urgency, StringComparer.Ordinal))
            return Complaint.BadUrgency;
        return request.Header("content-encoding") == "aes128gcm" ? null : Complaint.BadEncoding;
    }

    private Complaint? SizeOf(ReceivedRequest request) => request.Body.Length > _options.BodyBytesMax ? Complaint.TooLarge : null;

    // Who is not bound to a key need not be asked for one; what is shown must be good all the same.
    private Complaint? VapidOf(ReceivedRequest request, Subscription subscription)
    {
        var authorization = request.Header("authorization");
        if (authorization is null && subscription.ApplicationServerKey is null && subscription.Style is PushServiceStyle.Rfc or PushServiceStyle.Ntfy)
            return null;
        var mustContact = subscription.Style is PushServiceStyle.Apple or PushServiceStyle.Mozilla;
        return VapidCheck.Of(authorization, Endpoint.OriginalString, subscription.ApplicationServerKey, mustContact, Clock.GetUtcNow());
    }

    private Verdict Take(ReceivedRequest request, Subscription subscription)
    {
        var seconds = Math.Min(long.Parse(request.Header("ttl")!, CultureInfo.InvariantCulture), (long)_options.TtlMax.TotalSeconds);
        var taken = new Verdict
        {
            Status = 201,
            Headers =
            [
                new("Location", string.Create(CultureInfo.InvariantCulture, $"{Endpoint.OriginalString}/m/{Interlocked.Increment(ref _messages)}")),
                new("TTL", seconds.ToString(CultureInfo.InvariantCulture)),
            ],
        };
        // The service cannot look inside; only the device finds out.
        if (subscription.Open(request.Body) is not { } plaintext)
            return taken with { Reason = Undecipherable };
        request.Opened = plaintext;
        subscription.Keep(new InboxMessage(plaintext, seconds, request.Header("urgency") ?? "normal", request.Header("topic")));
        return taken with { AcceptedTokens = [subscription.Endpoint.OriginalString], Content = plaintext };
    }

    private static string PathOf(PushServiceStyle style, string id) => style switch
    {
        PushServiceStyle.Mozilla => $"/wpush/v2/{id}",
        PushServiceStyle.Apple => $"/apple/{id}",
        PushServiceStyle.Google => $"/fcm/send/{id}",
        PushServiceStyle.Edge => $"/w/?token={id}",
        PushServiceStyle.Ntfy => $"/up{id}?up=1",
        _ => $"/push/{id}",
    };

    private static PushServiceStyle StyleOf(string path) =>
        Enum.GetValues<PushServiceStyle>().FirstOrDefault(style => path.StartsWith(PathOf(style, ""), StringComparison.Ordinal));
}

/// <summary>A subscription as ordered through the control endpoint.</summary>
internal sealed record SubscribeOrder
{
    public PushServiceStyle Style { get; init; }

    public string? ApplicationServerKey { get; init; }
}
