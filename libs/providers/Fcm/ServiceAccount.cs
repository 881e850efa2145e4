using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Sotto.VendorHttp;

namespace Sotto.Fcm;

/// <summary>A Google service account as its JSON key file describes it, and the assertions that it signs (RFC 7523, providers.md section 4.2). Thread-safe.</summary>
public sealed class ServiceAccount : IDisposable
{
    /// <summary>The only right that sending needs.</summary>
    public const string Scope = "https://www.googleapis.com/auth/firebase.messaging";

    // Google takes no assertion that is good for longer.
    private static readonly TimeSpan AssertionLife = TimeSpan.FromHours(1);

    private readonly RSA _key;
    private readonly string _keyId;
    private readonly string _clientEmail;

    private ServiceAccount(RSA key, string keyId, string clientEmail, string projectId, Uri tokenEndpoint)
    {
        _key = key;
        _keyId = keyId;
        _clientEmail = clientEmail;
        ProjectId = projectId;
        TokenEndpoint = tokenEndpoint;
    }

    /// <summary>The <c>project_id</c>.</summary>
    public string ProjectId { get; }

    /// <summary>The <c>token_uri</c>: where assertions are exchanged for access tokens.</summary>
    public Uri TokenEndpoint { get; }

    /// <summary>Reads a key file.</summary>
    /// <exception cref="VendorCredentialException">It cannot be read, or is not the key file of a service account.</exception>
    public static ServiceAccount FromFile(string path) => Parse(PemFile.ReadText(path), $"the file {path}");

    /// <summary>Reads the text of a key file.</summary>
    /// <param name="json">The text. Secret.</param>
    /// <param name="source">Where it is from, for errors.</param>
    /// <exception cref="VendorCredentialException">It is not the key file of a service account.</exception>
    public static ServiceAccount Parse(string json, string source)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var file = document.RootElement;
            if (file.ValueKind != JsonValueKind.Object)
                throw new VendorCredentialException($"{source} is not a service account's JSON key file");
            var tokenUri = Required(file, "token_uri", source);
            if (!Uri.TryCreate(tokenUri, UriKind.Absolute, out var tokenEndpoint))
                throw new VendorCredentialException($"the token_uri of {source} is not an address");
            return new ServiceAccount(
                PemFile.ImportRsa(Required(file, "private_key", source), $"private_key of {source}"),
                Required(file, "private_key_id", source),
                Required(file, "client_email", source),
                Required(file, "project_id", source),
                tokenEndpoint);
        }
        // The inner exception is left out: it may quote the file.
        catch (JsonException)
        {
            throw new VendorCredentialException($"{source} is not JSON");
        }
    }

    /// <summary>Signs an assertion that can be exchanged for an access token.</summary>
    /// <param name="audience">The token endpoint's own name for itself.</param>
    /// <param name="now">The time of signing.</param>
    public string SignAssertion(Uri audience, DateTimeOffset now) =>
        CompactJws.Sign(HeaderJson(), ClaimsJson(audience, now), input => _key.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    /// <inheritdoc/>
    public override string ToString() => $"service account of project {ProjectId}";

    private string HeaderJson() => $$"""{"alg":"RS256","typ":"JWT","kid":{{Quoted(_keyId)}}}""";

    private string ClaimsJson(Uri audience, DateTimeOffset now) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"iss":{{Quoted(_clientEmail)}},"scope":"{{Scope}}","aud":{{Quoted(audience.OriginalString)}},"iat":{{now.ToUnixTimeSeconds()}},"exp":{{(now + AssertionLife).ToUnixTimeSeconds()}}}""");

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    private static string Required(JsonElement file, string name, string source) =>
        file.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : throw new VendorCredentialException($"{source} has no {name}");
}
