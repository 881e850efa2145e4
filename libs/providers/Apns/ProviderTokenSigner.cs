using System.Globalization;
using System.Security.Cryptography;
using Sotto.VendorHttp;

namespace Sotto.Apns;

/// <summary>
/// Makes the provider tokens (JWT, ES256) of one team and key: one token at a time, the same for every connection, and a new one no sooner than Apple allows. Thread-safe.
/// </summary>
/// <remarks>Apple takes a token for an hour and refuses new ones on a connection more often than every 20 minutes (providers.md section 3.2).</remarks>
public sealed class ProviderTokenSigner : IDisposable
{
    /// <summary>Length of a key id and of a team id.</summary>
    public const int IdLength = 10;

    /// <summary>A token younger than this is not replaced, whatever an answer says.</summary>
    public static readonly TimeSpan AgeMin = TimeSpan.FromMinutes(20);

    /// <summary>A token is replaced when it is so old.</summary>
    public static readonly TimeSpan LifeDefault = TimeSpan.FromMinutes(40);

    // A clock that was set back leaves a token from the future, which Apple refuses.
    private static readonly TimeSpan FutureMax = TimeSpan.FromSeconds(60);

    private readonly ECDsa _key;
    private readonly string _keyId;
    private readonly string _teamId;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _life;
    private readonly Lock _gate = new();
    private string? _token;
    private DateTimeOffset _issuedAt;

    /// <summary>Signs nothing yet.</summary>
    /// <param name="pem">The key as Apple gives it: a <c>.p8</c> file's text. Secret.</param>
    /// <param name="keyId">The key's id, 10 characters.</param>
    /// <param name="teamId">The team's id, 10 characters.</param>
    /// <param name="source">Where the key is from, for errors.</param>
    /// <param name="clock">Dates the tokens.</param>
    /// <param name="life">How old a token may become; null for <see cref="LifeDefault"/>.</param>
    /// <exception cref="VendorCredentialException">The text holds no such key, or an id has another length.</exception>
    public ProviderTokenSigner(string pem, string keyId, string teamId, string source, TimeProvider clock, TimeSpan? life = null)
    {
        if (!IsId(keyId) || !IsId(teamId))
            throw new VendorCredentialException($"key id and team id are {IdLength} letters and digits each");
        _key = PemFile.ImportP256(pem, source);
        _keyId = keyId;
        _teamId = teamId;
        _clock = clock;
        _life = life ?? LifeDefault;
    }

    /// <summary>The present token, made or renewed when its time has come. Secret.</summary>
    public string Token
    {
        get
        {
            lock (_gate)
            {
                var age = _clock.GetUtcNow() - _issuedAt;
                return _token is null || age >= _life || age < -FutureMax ? Renew() : _token;
            }
        }
    }

    /// <summary>Makes a new token if the one that was refused is still the present one and Apple would take another.</summary>
    /// <param name="refused">The token that was used.</param>
    public void Refused(string refused)
    {
        lock (_gate)
        {
            if (string.Equals(_token, refused, StringComparison.Ordinal) && _clock.GetUtcNow() - _issuedAt >= AgeMin)
                Renew();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    /// <inheritdoc/>
    public override string ToString() => $"provider token signer of key {_keyId}";

    internal static string HeaderJson(string keyId) => $$"""{"alg":"ES256","kid":"{{keyId}}"}""";

    internal static string ClaimsJson(string teamId, DateTimeOffset issuedAt) =>
        $$"""{"iss":"{{teamId}}","iat":{{issuedAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}}}""";

    private static bool IsId(string id) => id.Length == IdLength && id.All(char.IsAsciiLetterOrDigit);

    private string Renew()
    {
        _issuedAt = _clock.GetUtcNow();
        // SignData gives the two numbers side by side, which is what JWS wants.
        return _token = CompactJws.Sign(HeaderJson(_keyId), ClaimsJson(_teamId, _issuedAt), input => _key.SignData(input, HashAlgorithmName.SHA256));
    }
}
