using System.ComponentModel.DataAnnotations;
using Sotto.Delivery;

namespace ApnsSender;

/// <summary>One app at Apple: its topic, its credentials, and connections of its own. Sections <c>Apns:Apps:{name}</c> and <c>ApnsSandbox:Apps:{name}</c>.</summary>
internal class ApnsAppSettings : IValidatableObject
{
    /// <summary>Apple's host. Default: that of the provider's section, or of its environment.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>The app's bundle id, sent as <c>apns-topic</c>.</summary>
    public string? Topic { get; set; }

    /// <summary>The team's id, 10 characters; with a key that does not come with its ids.</summary>
    public string? TeamId { get; set; }

    /// <summary>The key's id, 10 characters; with a key that does not come with its ids.</summary>
    public string? KeyId { get; set; }

    /// <summary>
    /// The file of the key that signs provider tokens: the <c>.p8</c> file as it is, or a JSON object of <c>team_id</c>, <c>key_id</c> and <c>private_key</c> (the text of the <c>.p8</c> file),
    /// which can be replaced by another key as a whole.
    /// </summary>
    public string? KeyFile { get; set; }

    /// <summary>The same as text, for who has it in an environment variable. Secret; a file can be replaced while the sender runs, this cannot.</summary>
    public string? Key { get; set; }

    /// <summary>A PEM file with provider certificate and private key, or with the certificate alone.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The PEM file of the private key, if it is not in <see cref="CertificateFile"/>.</summary>
    public string? CertificateKeyFile { get; set; }

    /// <summary>Certificate and private key as PEM text, for who has them in an environment variable. Secret.</summary>
    public string? Certificate { get; set; }

    /// <summary>A provider token is replaced when it is so many minutes old. Apple takes one for an hour, and a new one no sooner than after 20 minutes.</summary>
    [Range(21, 55)]
    public int TokenMinutes { get; set; } = 40;

    /// <summary>Connections to Apple.</summary>
    [Range(1, 32)]
    public int Connections { get; set; } = 2;

    /// <summary>Most requests at one time on a connection; Apple's own limit, if lower, is obeyed as well.</summary>
    [Range(1, 1500)]
    public int Streams { get; set; } = 500;

    /// <summary>How long Apple may take to answer a request, in seconds.</summary>
    [Range(1, 300)]
    public int RequestTimeoutSeconds { get; set; } = 20;

    /// <summary>Sends <c>apns-expiration</c>, so that Apple too forgets a push that has expired. Off as with the reference server: Apple then keeps the newest for up to 30 days.</summary>
    public bool SendExpiration { get; set; }

    /// <summary>Sends the push id as <c>apns-collapse-id</c>, so that a push that is sent twice after a lost answer shows once. Off as with the reference server.</summary>
    public bool CollapseRepeats { get; set; }

    /// <inheritdoc/>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(Topic))
            yield return new ValidationResult("is needed: the app's bundle id.", [nameof(Topic)]);
        string?[] credentials = [KeyFile, Key, CertificateFile, Certificate];
        if (credentials.Count(one => !string.IsNullOrEmpty(one)) != 1)
            yield return new ValidationResult("one of these is needed, and not more.", [nameof(KeyFile), nameof(Key), nameof(CertificateFile), nameof(Certificate)]);
        if (!string.IsNullOrEmpty(CertificateKeyFile) && string.IsNullOrEmpty(CertificateFile))
            yield return new ValidationResult("goes with CertificateFile.", [nameof(CertificateKeyFile)]);
        if (Endpoint is not null && ProviderAddress.Refuse(Endpoint) is { } sentence)
            yield return new ValidationResult(sentence, [nameof(Endpoint)]);
    }
}
