using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sotto.FakeProvider;

namespace Sotto.FakeHms;

/// <summary>A simulated Huawei Push Kit with its OAuth endpoint on the same port; HTTP/1.1 only.</summary>
[SuppressMessage("Design", "MA0049", Justification = "A simulator is called what it simulates, and so is its assembly.")]
public sealed class FakeHms : ProviderSimulator
{
    private const string Scheme = "Bearer ";

    // providers.md section 5.7.
    private const int TokenLengthMin = 16;
    private const int TokenLengthMax = 512;

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly FakeHmsOptions _options;
    private readonly AccessTokens _accessTokens;
    private readonly CredentialsGrant _grant;
    private readonly FlowControl _flow;
    private readonly Lazy<SignedTokens> _account = new(() => new SignedTokens());
    private long _requestId;

    private FakeHms(FakeHmsOptions options)
        : base("hms", options)
    {
        _options = options;
        // The real ones may hold what a form must escape.
        AppSecret = options.AppSecret ?? "+/=" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        _accessTokens = new(Clock, options.TokenLife);
        _grant = new(AppId, AppSecret, _accessTokens);
        _flow = new(Clock, options.Qps);
    }

    /// <summary>Where id and secret become an access token.</summary>
    public Uri TokenEndpoint => new(Endpoint.OriginalString + CredentialsGrant.Path);

    /// <summary>The app's (client's) id.</summary>
    public string AppId => _options.AppId;

    /// <summary>The app's secret.</summary>
    public string AppSecret { get; }

    /// <summary>The project that <c>/v2/</c> and <c>/v3/</c> paths name.</summary>
    public string ProjectId => _options.ProjectId ?? AppId;

    /// <summary>The key file of a service account that may send for the project; v3 takes no other tokens than its own.</summary>
    public string ServiceAccountJson => _account.Value.KeyFile(ProjectId);

    /// <summary>Starts a simulated Huawei.</summary>
    public static async Task<FakeHms> StartAsync(FakeHmsOptions? options = null)
    {
        var huawei = new FakeHms(options ?? new());
        await huawei.ListenAsync(new ListenerPlan("hms", huawei._options.Port, HttpProtocols.Http1));
        return huawei;
    }

    /// <summary>From now on every access token handed out before is unknown.</summary>
    public void RevokeAccessTokens() => _accessTokens.Revoke();

    /// <summary>From now on the token is dead.</summary>
    public void Unregister(string token) => Tokens.Set(token, TokenState.Unregistered);

    /// <inheritdoc/>
    public override void Reset()
    {
        base.Reset();
        _accessTokens.ForgetFlow();
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TokensOf(ReceivedRequest request) =>
        IsTokenPath(request.Path) ? [] : Read(request).Message?.Tokens ?? [];

    /// <inheritdoc/>
    protected override Verdict Judge(ReceivedRequest request, ConnectionState connection)
    {
        if (IsTokenPath(request.Path))
            return _grant.Judge(request);
        if (request.Method != "POST" || !IsSendPath(request.Path, out var isOurs))
            return new() { Status = 404, Reason = "HTTP 404" };
        if (JudgeBearer(request, isOurs) is { } refused)
            return Say(refused);

        var (message, refusal) = Read(request);
        if (refusal is not null)
            return Say(refusal);
        if (message!.IsUrgent && !_options.MayBeUrgent)
            return Say(HmsCode.MayNotBeUrgent);
        return _flow.TryTake(message.Tokens.Count) ? Deliver(message) : new() { Status = 503, Reason = "HTTP 503" };
    }

    private static (HmsMessage? Message, HmsCode? Refusal) Read(ReceivedRequest request) =>
        ((HmsMessage?, HmsCode?))(request.Reading ??= HmsMessage.Read(request.Body));

    private HmsCode? JudgeBearer(ReceivedRequest request, bool isOurs)
    {
        var authorization = request.Header("authorization");
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || !isOurs)
            return HmsCode.NotAuthenticated;
        var token = authorization[Scheme.Length..];
        // An access token has no dots.
        if (token.Contains('.', StringComparison.Ordinal) && !request.Path.StartsWith("/v1/", StringComparison.Ordinal))
            return _account.Value.Judge(token, Clock.GetUtcNow()) ?? (_options.MaySend ? null : HmsCode.MayNotSend);
        if (request.Path.StartsWith("/v3/", StringComparison.Ordinal))
            return HmsCode.NotAuthenticated;
        return _accessTokens.StateOf(token) switch
        {
            AccessTokenState.Good => _options.MaySend ? null : HmsCode.MayNotSend,
            AccessTokenState.Expired => HmsCode.TokenExpired,
            _ => HmsCode.NotAuthenticated,
        };
    }

    private Verdict Deliver(HmsMessage message)
    {
        if (message.Tokens.Any(token => Tokens[token].State == TokenState.Throttled))
            return new() { Status = 503, Reason = "HTTP 503" };
        var illegal = message.Tokens.Where(token => !IsToken(token) || Tokens[token].State != TokenState.Alive).ToList();
        if (illegal.Count == message.Tokens.Count && illegal.Count > 0)
            return Say(HmsCode.AllTokensInvalid);

        List<string> good = message.ValidateOnly ? [] : [.. message.Tokens.Except(illegal, StringComparer.Ordinal)];
        var code = illegal.Count == 0 ? HmsCode.Success : HmsCode.Partial(Report(message.Tokens.Count - illegal.Count, illegal));
        return Say(code) with { AcceptedTokens = good, Content = message.Content };
    }

    private Verdict Say(HmsCode code) => new()
    {
        Status = _options.ErrorsAs200 ? 200 : code.Status,
        Reason = code == HmsCode.Success ? null : code.Code,
        ContentType = "application/json;charset=UTF-8",
        Body = JsonSerializer.SerializeToUtf8Bytes(new { code = code.Code, msg = code.Message, _requestId = NewRequestId() }, Json),
    };

    private static string Report(int success, List<string> illegal) =>
        JsonSerializer.Serialize(new { success, failure = illegal.Count, illegal_tokens = illegal }, Json);

    private string NewRequestId() =>
        string.Create(CultureInfo.InvariantCulture, $"{Clock.GetUtcNow().ToUnixTimeMilliseconds()}{Interlocked.Increment(ref _requestId):d10}");

    private bool IsSendPath(string path, out bool isOurs)
    {
        var parts = path.Split('/');
        isOurs = parts.Length == 4 && ((parts[1] == "v1" && parts[2] == AppId) || (parts[1] is "v2" or "v3" && parts[2] == ProjectId));
        return parts is ["", "v1" or "v2" or "v3", _, "messages:send"];
    }

    private static bool IsTokenPath(string path) => path is CredentialsGrant.Path or CredentialsGrant.OldPath;

    private static bool IsToken(string text) =>
        text.Length is >= TokenLengthMin and <= TokenLengthMax
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '+' or '/' or '=');
}
