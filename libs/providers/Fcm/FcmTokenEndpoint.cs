using System.Text;
using System.Text.Json;
using Sotto.VendorHttp;

namespace Sotto.Fcm;

/// <summary>Exchanges a service account's assertion for an access token (providers.md section 4.2).</summary>
internal sealed class FcmTokenEndpoint(ServiceAccount account, Uri endpoint, VendorConnections connections, TimeProvider clock)
{
    private const string GrantType = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";

    public async Task<AccessTokenAnswer> FetchAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var body = Encoding.ASCII.GetBytes(Form(account.SignAssertion(endpoint, now)));
        var answer = await connections.SendAsync(new VendorRequest(endpoint.PathAndQuery, "application/x-www-form-urlencoded", body), cancellationToken);
        return Read(answer, now);
    }

    internal static string Form(string assertion) => $"grant_type={GrantType}&assertion={assertion}";

    internal static AccessTokenAnswer Read(VendorAnswer answer, DateTimeOffset askedAt)
    {
        try
        {
            using var json = JsonDocument.Parse(answer.Body);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                return new AccessTokenAnswer { Answer = answer };
            var error = json.RootElement.TryGetProperty("error", out var word) && word.ValueKind == JsonValueKind.String ? word.GetString() : null;
            return answer.Status == 200 && error is null && AccessTokenJson.TryRead(json.RootElement, askedAt, out var token)
                ? new AccessTokenAnswer { Token = token, Answer = answer }
                : new AccessTokenAnswer { Answer = answer, Error = error };
        }
        // The second is what the parser says of text that is not Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new AccessTokenAnswer { Answer = answer };
        }
    }
}
