using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Sotto.VendorHttp;

namespace Sotto.Hms;

/// <summary>
/// Signs the tokens of a Huawei service account (JWT, PS256), which are used as they are, without exchange (providers.md section 5.3). One is kept for most of its hour. Thread-safe.
/// </summary>
public sealed class HmsServiceAccount : IDisposable
{
    private const string Audience = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);
    private static readonly TimeSpan RenewAhead = TimeSpan.FromMinutes(10);

    private readonly RSA _key;
    private readonly string _keyId;
    private readonly string _subAccount;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private AccessToken? _token;

    /// <summary>Signs nothing yet.</summary>
    /// <param name="privateKeyPem">The <c>private_key</c> of the key file. Secret.</param>
    /// <param name="keyId">Its <c>key_id</c>.</param>
    /// <param name="subAccount">Its <c>sub_account</c>.</param>
    /// <param name="source">Where the key is from, for errors.</param>
    /// <param name="clock">Dates the tokens.</param>
    /// <exception cref="VendorCredentialException">The text holds no RSA key.</exception>
    public HmsServiceAccount(string privateKeyPem, string keyId, string subAccount, string source, TimeProvider clock)
    {
        _key = PemFile.ImportRsa(privateKeyPem, source);
        _keyId = keyId;
        _subAccount = subAccount;
        _clock = clock;
    }

    /// <summary>The <c>project_id</c>; empty when the account was not read from a key file.</summary>
    public string ProjectId { get; private init; } = "";

    /// <summary>Reads the text of a key file.</summary>
    /// <param name="json">The text. Secret.</param>
    /// <param name="source">Where it is from, for errors.</param>
    /// <param name="clock">Dates the tokens.</param>
    /// <exception cref="VendorCredentialException">It is not the key file of a service account.</exception>
    public static HmsServiceAccount Parse(string json, string source, TimeProvider clock)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var file = document.RootElement;
            if (file.ValueKind != JsonValueKind.Object)
                throw new VendorCredentialException($"{source} is not a service account's JSON key file");
            var project = Required(file, "project_id", source);
            return new HmsServiceAccount(
                Required(file, "private_key", source), Required(file, "key_id", source), Required(file, "sub_account", source), $"private_key of {source}", clock)
            {
                ProjectId = project,
            };
        }
        // The inner exception is left out: it may quote the file.
        catch (JsonException)
        {
            throw new VendorCredentialException($"{source} is not JSON");
        }
    }

    /// <summary>The present token, made or renewed when its time has come.</summary>
    public AccessToken Token
    {
        get
        {
            lock (_gate)
            {
                var now = _clock.GetUtcNow();
                if (_token is null || now >= _token.ExpiresAt - RenewAhead)
                    _token = new AccessToken(Sign(now), now, now + Life);
                return _token;
            }
        }
    }

    /// <summary>Makes a new token next time if the one that was refused is still the present one.</summary>
    public void Refused(AccessToken used)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_token, used))
                _token = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    internal static string HeaderJson(string keyId) => $$"""{"kid":{{Quoted(keyId)}},"typ":"JWT","alg":"PS256"}""";

    internal static string ClaimsJson(string subAccount, DateTimeOffset now) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"iss":{{Quoted(subAccount)}},"aud":"{{Audience}}","iat":{{now.ToUnixTimeSeconds()}},"exp":{{(now + Life).ToUnixTimeSeconds()}}}""");

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    private static string Required(JsonElement file, string name, string source) =>
        file.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : throw new VendorCredentialException($"{source} has no {name}");

    // .NET's PSS padding takes a salt as long as the hash, as the vendor asks.
    private string Sign(DateTimeOffset now) => CompactJws.Sign(
        HeaderJson(_keyId), ClaimsJson(_subAccount, now), input => _key.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pss));
}
