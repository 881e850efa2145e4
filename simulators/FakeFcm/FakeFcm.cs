using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sotto.FakeProvider;

namespace Sotto.FakeFcm;

/// <summary>A simulated Firebase Cloud Messaging (HTTP v1) with its token endpoint on the same port.</summary>
[SuppressMessage("Design", "MA0049", Justification = "A simulator is called what it simulates, and so is its assembly.")]
public sealed class FakeFcm : ProviderSimulator
{
    private const string Scheme = "Bearer ";

    // providers.md section 4.6.
    private const int TokenLengthMin = 32;
    private const int TokenLengthMax = 512;
    private const int InstallationIdLength = 22;

    private static readonly TimeSpan QuotaWindow = TimeSpan.FromMinutes(1);

    private readonly AccessTokens _accessTokens;
    private readonly AssertionGrant _grant;
    private readonly FcmQuota _quota;
    private readonly FakeFcmOptions _options;

    private FakeFcm(FakeFcmOptions options)
        : base("fcm", options)
    {
        _options = options;
        Account = options.Account ?? ServiceAccount.Create();
        _accessTokens = new(Clock, options.TokenLife, options.RepeatsAccessToken);
        _grant = new([Account, .. options.OtherAccounts], _accessTokens, Clock, () => TokenEndpoint);
        _quota = new(Clock, options.QuotaPerMinute, QuotaWindow);
    }

    /// <summary>Where assertions become access tokens.</summary>
    public Uri TokenEndpoint => new(Endpoint.OriginalString + AssertionGrant.Path);

    /// <summary>The sender's service account.</summary>
    public ServiceAccount Account { get; }

    /// <summary>The project whose devices are reached.</summary>
    public string ProjectId => _options.ProjectId ?? Account.ProjectId;

    /// <summary>The sender's key file.</summary>
    public string ServiceAccountJson => Account.KeyFile(TokenEndpoint);

    /// <summary>Starts a simulated Google.</summary>
    public static async Task<FakeFcm> StartAsync(FakeFcmOptions? options = null)
    {
        var google = new FakeFcm(options ?? new());
        await google.ListenAsync(new ListenerPlan("fcm", google._options.Port, HttpProtocols.Http1AndHttp2));
        return google;
    }

    /// <summary>From now on every access token handed out before is refused.</summary>
    public void RevokeAccessTokens() => _accessTokens.Revoke();

    /// <summary>From now on the token is dead.</summary>
    public void Unregister(string token) => Tokens.Set(token, TokenState.Unregistered);

    /// <inheritdoc/>
    public override void Reset()
    {
        base.Reset();
        _quota.Clear();
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TokensOf(ReceivedRequest request) =>
        request.Path == AssertionGrant.Path || Read(request).Message is not { Kind: "token" or "fid" } message ? [] : [message.Target];

    /// <inheritdoc/>
    protected override Verdict Judge(ReceivedRequest request, ConnectionState connection)
    {
        if (request.Path == AssertionGrant.Path)
            return _grant.Judge(request);
        if (Refuse(request) is { } refused)
            return refused.ToVerdict();

        var (message, refusal) = Read(request);
        refusal ??= JudgeTarget(message!);
        if (refusal is not null)
            return refusal.ToVerdict();
        return message!.ValidateOnly
            ? Take("fake_message_id", [], message.Content)
            : Take(NewMessageId(), [message.Target], message.Content);
    }

    private static (FcmMessage? Message, FcmRefusal? Refusal) Read(ReceivedRequest request) =>
        ((FcmMessage?, FcmRefusal?))(request.Reading ??= FcmMessage.Read(request.Body));

    private FcmRefusal? Refuse(ReceivedRequest request)
    {
        if (request.Method != "POST" || !IsSendPath(request.Path, out var project))
            return FcmRefusal.NotFound;
        if (!IsAuthorised(request.Header("authorization")))
            return FcmRefusal.Unauthenticated;
        if (project != ProjectId)
            return FcmRefusal.NotFound;
        if (!_options.MaySend)
            return FcmRefusal.MayNotSend(project);
        return _quota.TryTake(out var retryAfterSeconds) ? null : FcmRefusal.Quota("project:" + project, retryAfterSeconds);
    }

    private bool IsAuthorised(string? authorization) =>
        authorization is not null
        && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && _accessTokens.IsGood(authorization[Scheme.Length..]);

    private FcmRefusal? JudgeTarget(FcmMessage message)
    {
        if (message.Kind is not ("token" or "fid"))
            return null;
        if (message.Kind == "token" ? !IsToken(message.Target) : !IsInstallationId(message.Target))
            return FcmRefusal.NotAToken("message." + message.Kind);
        return Tokens[message.Target].State switch
        {
            TokenState.Alive => null,
            TokenState.Unregistered or TokenState.Expired => FcmRefusal.Unregistered,
            TokenState.Foreign => FcmRefusal.SenderIdMismatch,
            TokenState.Throttled => FcmRefusal.Quota("device", retryAfterSeconds: null),
            _ => FcmRefusal.NotAToken("message." + message.Kind),
        };
    }

    private Verdict Take(string id, IReadOnlyList<string> devices, byte[] content) =>
        FcmJson.Verdict(200, null, new() { ["name"] = $"projects/{ProjectId}/messages/{id}" }) with { AcceptedTokens = devices, Content = content };

    private string NewMessageId()
    {
        var micros = Clock.GetUtcNow().ToUnixTimeMilliseconds() * 1000;
        return string.Create(CultureInfo.InvariantCulture, $"0:{micros}%{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}");
    }

    private static bool IsSendPath(string path, out string project)
    {
        const string Before = "/v1/projects/";
        const string After = "/messages:send";
        var isSend = path.Length > Before.Length + After.Length
            && path.StartsWith(Before, StringComparison.Ordinal) && path.EndsWith(After, StringComparison.Ordinal);
        project = isSend ? path[Before.Length..^After.Length] : "";
        return isSend && !project.Contains('/');
    }

    private static bool IsToken(string text) =>
        text.Length is >= TokenLengthMin and <= TokenLengthMax && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or ':');

    private static bool IsInstallationId(string text) =>
        text.Length == InstallationIdLength && text[0] is >= 'c' and <= 'f' && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
