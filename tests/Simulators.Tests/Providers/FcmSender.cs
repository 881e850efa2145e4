using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sotto.FakeFcm;
using Sotto.TestSupport;

namespace Simulators.Tests.Providers;

/// <summary>The sender's part in front of a simulated Google.</summary>
internal static class FcmSender
{
    public const string Token = "dX8mPq3kTQ2:APA91bMFqGwe7DVpSjYsrwNZ0p8bIIVp-9C0cKEaSkykBUOW-DcFSiqAuej8Y5hZgRXuCbU_5_lfPz9163IIWmStYM40CyRBEmQd143U-TtskZDdRuAJkZTVpEJXt--tbvn_RoPaHtoC";

    public static string Sign(ServiceAccount account, string header, string claims)
    {
        using var signer = RSA.Create();
        signer.ImportFromPem(account.PrivatePem);
        var signed = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
        var signature = signer.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    public static Task<Answer> AskAsync(ProviderClient client, string assertion, string grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer") =>
        client.PostAsync("/token", $"grant_type={Uri.EscapeDataString(grantType)}&assertion={assertion}", ("content-type", "application/x-www-form-urlencoded"));

    public static async Task<string> AccessTokenAsync(ProviderClient client, FakeFcm google)
    {
        var now = google.Clock.GetUtcNow().ToUnixTimeSeconds();
        var header = $$"""{"alg":"RS256","typ":"JWT","kid":"{{google.Account.KeyId}}"}""";
        var answer = await AskAsync(client, Sign(google.Account, header, Claims(google.Account, google.TokenEndpoint.OriginalString, now, now + 3600)));
        return JsonDocument.Parse(answer.Body).RootElement.Text("access_token");
    }

    public static string Claims(ServiceAccount account, string audience, long issuedAt, long expiresAt, string scope = "https://www.googleapis.com/auth/firebase.messaging") =>
        $$"""{"iss":"{{account.ClientEmail}}","scope":"{{scope}}","aud":"{{audience}}","iat":{{issuedAt}},"exp":{{expiresAt}}}""";

    public static Task<Answer> SendAsync(ProviderClient client, FakeFcm google, string accessToken, string body) =>
        client.PostAsync($"/v1/projects/{google.ProjectId}/messages:send", body, ("authorization", "Bearer " + accessToken), ("content-type", "application/json; charset=UTF-8"));

    public static string Message(string data, string more = "") => $$$"""{"message":{"token":"{{{Token}}}","data":{{{data}}}{{{more}}}}}""";

    /// <summary>Google's two words for an error: <c>status</c>, and <c>errorCode</c> where there is one.</summary>
    public static (int Http, string? Status, string? ErrorCode) Error(Answer answer)
    {
        if (answer.Status == 200)
            return (200, null, null);
        var error = JsonDocument.Parse(answer.Body).RootElement.GetProperty("error");
        var detail = error.TryGetProperty("details", out var details)
            ? details.EnumerateArray().Select(item => item.TextOrNull("errorCode")).FirstOrDefault(code => code is not null)
            : null;
        return (answer.Status, error.Text("status"), detail);
    }
}
