using System.Text;
using System.Text.Json;
using Sotto.VendorHttp;

namespace Sotto.Hms;

/// <summary>Exchanges the app's secret for an access token (providers.md section 5.2).</summary>
internal sealed class HmsTokenEndpoint(HmsOptions options, string appSecret, VendorConnections connections, TimeProvider clock)
{
    private const int Ok = 200;

    // So many answers that should hold a token and do not are no accident (providers.md section 5.2).
    private const int EmptyAnswersMax = 3;

    private int _emptyAnswers;

    public async Task<AccessTokenAnswer> FetchAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var body = Encoding.ASCII.GetBytes(Form(options.AppId, appSecret));
        var request = new VendorRequest(options.TokenEndpoint.PathAndQuery, "application/x-www-form-urlencoded;charset=utf-8", body);
        var answer = Read(await connections.SendAsync(request, cancellationToken), now);
        _emptyAnswers = answer is { Token: null, Error: null, Answer.Status: Ok } ? _emptyAnswers + 1 : 0;
        return _emptyAnswers > EmptyAnswersMax ? answer with { Error = "no access token" } : answer;
    }

    internal static string Form(string appId, string appSecret) =>
        $"grant_type=client_credentials&client_id={Uri.EscapeDataString(appId)}&client_secret={Uri.EscapeDataString(appSecret)}";

    internal static AccessTokenAnswer Read(VendorAnswer answer, DateTimeOffset askedAt)
    {
        try
        {
            using var json = JsonDocument.Parse(answer.Body);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                return new AccessTokenAnswer { Answer = answer };
            // Seen with status 200 as well, so it is looked at first.
            if (json.RootElement.TryGetProperty("error", out var error))
                return new AccessTokenAnswer { Answer = answer, Error = error.ToString() };
            return answer.Status == Ok && AccessTokenJson.TryRead(json.RootElement, askedAt, out var token)
                ? new AccessTokenAnswer { Token = token, Answer = answer }
                : new AccessTokenAnswer { Answer = answer };
        }
        // The second is what the parser says of text that is not Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new AccessTokenAnswer { Answer = answer };
        }
    }
}
