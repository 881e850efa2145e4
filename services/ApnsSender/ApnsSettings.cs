using System.ComponentModel.DataAnnotations;
using Sotto.Delivery;

namespace ApnsSender;

/// <summary>One environment of Apple for one app; sections <c>Apns</c> (production) and <c>ApnsSandbox</c>. A section without a topic is not served.</summary>
internal sealed class ApnsSettings : IValidatableObject
{
    /// <summary>Apple's host. Default: that of the section's environment.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>The app's bundle id, sent as <c>apns-topic</c>.</summary>
    public string? Topic { get; set; }

    /// <summary>The team's id, 10 characters; with <see cref="KeyFile"/>.</summary>
    public string? TeamId { get; set; }

    /// <summary>The key's id, 10 characters; with <see cref="KeyFile"/>.</summary>
    public string? KeyId { get; set; }

    /// <summary>The <c>.p8</c> file of the key that signs provider tokens. Either this or <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; set; }

    /// <summary>A PEM file with provider certificate and private key.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The private key that device tokens of this environment are sealed to: 32 raw bytes or 64 hex digits.</summary>
    public string? SealingKeyFile { get; set; }

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

    /// <summary>True when this environment is to be served.</summary>
    internal bool IsServed => !string.IsNullOrEmpty(Topic);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsServed)
            yield break;
        if (string.IsNullOrEmpty(SealingKeyFile))
            yield return new ValidationResult("is needed: the private key that device tokens are sealed to.", [nameof(SealingKeyFile)]);
        if (string.IsNullOrEmpty(KeyFile) == string.IsNullOrEmpty(CertificateFile))
            yield return new ValidationResult("one of the two is needed, and not both.", [nameof(KeyFile), nameof(CertificateFile)]);
        if (!string.IsNullOrEmpty(KeyFile) && (string.IsNullOrEmpty(TeamId) || string.IsNullOrEmpty(KeyId)))
            yield return new ValidationResult("are needed with KeyFile.", [nameof(TeamId), nameof(KeyId)]);
        if (Endpoint is not null && ProviderAddress.Refuse(Endpoint) is { } sentence)
            yield return new ValidationResult(sentence, [nameof(Endpoint)]);
    }
}
