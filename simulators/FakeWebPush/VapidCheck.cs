using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sotto.FakeWebPush;

/// <summary>Looks at the <c>Authorization</c> header as a push service does (RFC 8292).</summary>
internal static class VapidCheck
{
    private const string Scheme = "vapid ";
    private const int PublicKeySize = 65;

    private static readonly TimeSpan LifeMax = TimeSpan.FromHours(24);

    /// <summary>Null when it is good.</summary>
    /// <param name="authorization">The header; null when there was none.</param>
    /// <param name="audience">Scheme, host and port of this push service.</param>
    /// <param name="boundTo">The only key that may send; null for any.</param>
    /// <param name="mustContact">Whether a token must say how its signer is reached.</param>
    /// <param name="now">The service's time.</param>
    public static Complaint? Of(string? authorization, string audience, string? boundTo, bool mustContact, DateTimeOffset now)
    {
        if (authorization is null)
            return Complaint.NoVapid;
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return Complaint.BadVapid;
        var parameters = authorization[Scheme.Length..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Split('=', 2)).Where(pair => pair.Length == 2).ToLookup(pair => pair[0], pair => pair[1].Trim('"'), StringComparer.Ordinal);
        if (parameters["t"].FirstOrDefault() is not { } token || parameters["k"].FirstOrDefault() is not { } key)
            return Complaint.BadVapid;
        if (!IsSigned(token, key, out var header, out var claims) || !IsHeader(header) || !AreClaims(claims, audience, mustContact, now))
            return Complaint.BadVapid;
        return boundTo is null || string.Equals(boundTo, key, StringComparison.Ordinal) ? null : Complaint.OtherKey;
    }

    private static bool IsSigned(string token, string key, out string header, out string claims)
    {
        (header, claims) = ("", "");
        var parts = token.Split('.');
        if (parts.Length != 3)
            return false;
        try
        {
            var point = Base64Url.DecodeFromChars(key);
            if (point.Length != PublicKeySize || point[0] != 4)
                return false;
            using var verifier = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = point[1..33], Y = point[33..] } });
            (header, claims) = (Text(parts[0]), Text(parts[1]));
            return verifier.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256);
        }
        catch (Exception wrong) when (wrong is FormatException or CryptographicException)
        {
            return false;
        }
    }

    private static bool IsHeader(string header) => Read(header, root => Is(root, "alg", "ES256") && (!root.TryGetProperty("typ", out _) || Is(root, "typ", "JWT")));

    private static bool AreClaims(string claims, string audience, bool mustContact, DateTimeOffset now) => Read(claims, root =>
        Is(root, "aud", audience)
        && root.TryGetProperty("exp", out var exp) && exp.ValueKind == JsonValueKind.Number && exp.TryGetInt64(out var seconds)
        && seconds > now.ToUnixTimeSeconds() && seconds <= (now + LifeMax).ToUnixTimeSeconds()
        && (root.TryGetProperty("sub", out var sub) ? sub.ValueKind == JsonValueKind.String && IsContact(sub.GetString()!) : !mustContact));

    private static bool IsContact(string text) =>
        (text.StartsWith("mailto:", StringComparison.Ordinal) && text.Contains('@', StringComparison.Ordinal) && !text.Contains(' ', StringComparison.Ordinal) && !text.EndsWith("@localhost", StringComparison.Ordinal))
        || text.StartsWith("https://", StringComparison.Ordinal);

    private static bool Is(JsonElement root, string name, string value) =>
        root.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String && member.ValueEquals(value);

    private static bool Read(string json, Predicate<JsonElement> judge)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object && judge(document.RootElement);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Text(string base64Url) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(base64Url));
}
