using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Sotto.FakeProvider;

namespace Sotto.FakeFcm;

/// <summary><c>POST /token</c>: a signed assertion against an access token (providers.md section 4.2).</summary>
internal sealed class AssertionGrant(IReadOnlyList<ServiceAccount> accounts, AccessTokens tokens, TimeProvider clock, Func<Uri> endpoint)
{
    public const string Path = "/token";

    // What the real key files name; ours name this endpoint itself.
    private const string GoogleAudience = "https://oauth2.googleapis.com/token";

    private const string GrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    private const string Timeframe =
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.";

    private static readonly string[] Scopes =
        ["https://www.googleapis.com/auth/firebase.messaging", "https://www.googleapis.com/auth/cloud-platform"];

    private static readonly TimeSpan LifeMax = TimeSpan.FromHours(1);
    private static readonly TimeSpan SkewMax = TimeSpan.FromMinutes(5);

    public Verdict Judge(ReceivedRequest request)
    {
        if (request.Method != "POST")
            return Refuse(405, "invalid_request", "Method not allowed.");
        var form = new FormReader(request.BodyText).ReadForm();
        if (form.GetValueOrDefault("grant_type").ToString() != GrantType)
            return Refuse(400, "unsupported_grant_type", "Invalid grant_type: " + form.GetValueOrDefault("grant_type"));
        if (form.GetValueOrDefault("assertion").ToString() is not { Length: > 0 } assertion)
            return Refuse(400, "invalid_request", "Missing parameter: assertion");

        try
        {
            return JudgeAssertion(assertion);
        }
        catch (Exception wrong) when (wrong is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            return Refuse(400, "invalid_grant", "Bad Request");
        }
    }

    private Verdict JudgeAssertion(string assertion)
    {
        var parts = assertion.Split('.');
        if (parts.Length != 3)
            return Refuse(400, "invalid_grant", "Bad Request");
        using var headerDocument = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
        using var claimsDocument = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
        var (header, claims) = (headerDocument.RootElement, claimsDocument.RootElement);

        var known = accounts.Where(account => account.ClientEmail == claims.GetProperty("iss").GetString()).ToList();
        if (known.Count == 0)
            return Refuse(400, "invalid_grant", "Invalid grant: account not found");
        if (header.GetProperty("alg").GetString() != "RS256" || !known.Exists(account => MayBeOf(account, header) && IsSigned(account, parts)))
            return Refuse(400, "invalid_grant", "Invalid JWT Signature.");
        if (!IsInTime(claims))
            return Refuse(400, "invalid_grant", Timeframe);
        if (claims.GetProperty("aud").GetString() is not { } audience || (audience != GoogleAudience && audience != endpoint().OriginalString))
            return Refuse(400, "invalid_grant", "Failed audience check. The right audience is " + GoogleAudience);
        return claims.GetProperty("scope").GetString()!.Split(' ').All(scope => Scopes.Contains(scope, StringComparer.Ordinal))
            ? Grant()
            : Refuse(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.");
    }

    // The header may leave the key's id out; it may not name another.
    private static bool MayBeOf(ServiceAccount account, JsonElement header) => !header.TryGetProperty("kid", out var kid) || kid.GetString() == account.KeyId;

    private static bool IsSigned(ServiceAccount account, string[] parts)
    {
        using var verifier = RSA.Create();
        verifier.ImportFromPem(account.PublicPem);
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        return verifier.VerifyData(signed, Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private bool IsInTime(JsonElement claims)
    {
        var now = clock.GetUtcNow();
        var issuedAt = DateTimeOffset.FromUnixTimeSeconds(claims.GetProperty("iat").GetInt64());
        var expiresAt = DateTimeOffset.FromUnixTimeSeconds(claims.GetProperty("exp").GetInt64());
        return expiresAt - issuedAt <= LifeMax && issuedAt <= now + SkewMax && expiresAt > now;
    }

    private Verdict Grant()
    {
        var (token, seconds) = tokens.Issue();
        return FcmJson.Verdict(200, null, new() { ["access_token"] = token, ["expires_in"] = seconds, ["token_type"] = "Bearer" });
    }

    private static Verdict Refuse(int status, string error, string description) =>
        FcmJson.Verdict(status, error, new() { ["error"] = error, ["error_description"] = description });
}
