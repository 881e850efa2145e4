namespace Sotto.FakeHms;

/// <summary>One of Huawei's business codes, its text, and the HTTP status that goes with it (providers.md section 5.5).</summary>
internal sealed record HmsCode(string Code, string Message, int Status)
{
    public static readonly HmsCode Success = new("80000000", "Success", 200);
    public static readonly HmsCode IllegalPayload = new("80100003", "Illegal payload", 400);
    public static readonly HmsCode IllegalTtl = new("80100004", "ttl is illegal", 400);
    public static readonly HmsCode IllegalCollapseKey = new("80100013", "collapse_key is illegal", 400);
    public static readonly HmsCode NotAuthenticated = new("80200001", "OAuth authentication error", 401);
    public static readonly HmsCode TokenExpired = new("80200003", "OAuth token expired", 401);
    public static readonly HmsCode SignedTokenExpired = new("80200005", "JWT expired", 401);
    public static readonly HmsCode MayNotSend = new("80300002", "App has no permission to send", 400);
    public static readonly HmsCode AllTokensInvalid = new("80300007", "All tokens are invalid", 400);
    public static readonly HmsCode BodyTooLarge = new("80300008", "Message body size exceeds 4096", 400);
    public static readonly HmsCode TokenCount = new("80300010", "Number of tokens out of range", 400);
    public static readonly HmsCode MayNotBeUrgent = new("80300011", "No permission for high priority", 400);

    /// <summary>Some devices cannot be reached; the text is JSON that names them.</summary>
    public static HmsCode Partial(string report) => new("80100000", report, 200);
}
