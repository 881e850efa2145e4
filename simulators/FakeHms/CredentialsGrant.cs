using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Sotto.FakeProvider;

namespace Sotto.FakeHms;

/// <summary><c>POST /oauth2/v3/token</c> (and v2): the app's id and secret against an access token (providers.md section 5.2).</summary>
internal sealed class CredentialsGrant(string appId, string appSecret, AccessTokens tokens)
{
    public const string Path = "/oauth2/v3/token";
    public const string OldPath = "/oauth2/v2/token";

    public Verdict Judge(ReceivedRequest request)
    {
        if (request.Method != "POST")
            return new() { Status = 405, Reason = "HTTP 405" };
        var form = new FormReader(request.BodyText).ReadForm();
        var (grantType, id, secret) = (Field("grant_type"), Field("client_id"), Field("client_secret"));
        if (grantType.Length == 0 || id.Length == 0 || secret.Length == 0)
            return Refuse(1102, 20001, "parameter missing");
        if (grantType != "client_credentials")
            return Refuse(1105, 20003, "unsupported grant type");
        if (id != appId)
            return Refuse(1101, 20002, "invalid client_id");
        if (secret != appSecret)
            return Refuse(1101, 12303, "invalid client secret");
        return tokens.Issue() is { } token ? Grant(token) : new() { Status = 503, Reason = "HTTP 503" };

        string Field(string name) => form.GetValueOrDefault(name).ToString();
    }

    // The real one escapes slashes, which a JSON reader must undo.
    private Verdict Grant(string token)
    {
        var escaped = token.Replace("/", "\\/", StringComparison.Ordinal);
        return new()
        {
            Status = 200,
            ContentType = "application/json;charset=UTF-8",
            Body = Encoding.UTF8.GetBytes($"{{\"access_token\":\"{escaped}\",\"expires_in\":{tokens.LifeSeconds},\"token_type\":\"Bearer\"}}"),
        };
    }

    private static Verdict Refuse(int error, int subError, string description) => new()
    {
        Status = 400,
        Reason = $"{error}/{subError}",
        ContentType = "application/json;charset=UTF-8",
        Body = Encoding.UTF8.GetBytes($"{{\"sub_error\":{subError},\"error_description\":\"{description}\",\"error\":{error}}}"),
    };
}
