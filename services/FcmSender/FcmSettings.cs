using System.ComponentModel.DataAnnotations;
using Sotto.Delivery;

namespace FcmSender;

/// <summary>One Firebase project; section <c>Fcm</c>.</summary>
internal sealed class FcmSettings : IValidatableObject
{
    /// <summary>Google's host. Default: the real one.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>Where access tokens are had. Default: the service account's <c>token_uri</c>.</summary>
    public Uri? TokenEndpoint { get; set; }

    /// <summary>The JSON key file of a service account that may send for the project.</summary>
    [Required(ErrorMessage = "is needed: the JSON key file of a service account.")]
    public string ServiceAccountFile { get; set; } = "";

    /// <summary>The project. Default: the service account's own.</summary>
    public string? ProjectId { get; set; }

    /// <summary>Sends with high priority, so that a dozing phone wakes. Without it Google waits until the phone is awake anyway.</summary>
    public bool HighPriority { get; set; } = true;

    /// <summary>The private key that device tokens are sealed to: 32 raw bytes or 64 hex digits.</summary>
    [Required(ErrorMessage = "is needed: the private key that device tokens are sealed to.")]
    public string SealingKeyFile { get; set; } = "";

    /// <summary>Connections to Google.</summary>
    [Range(1, 32)]
    public int Connections { get; set; } = 4;

    /// <summary>Most requests at one time on a connection. Google closes connections with more than about 100.</summary>
    [Range(1, 100)]
    public int Streams { get; set; } = 90;

    /// <summary>How long Google may take to answer a request, in seconds; it asks for at least 10.</summary>
    [Range(1, 300)]
    public int RequestTimeoutSeconds { get; set; } = 15;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Endpoint is not null && ProviderAddress.Refuse(Endpoint) is { } endpoint)
            yield return new ValidationResult(endpoint, [nameof(Endpoint)]);
        if (TokenEndpoint is not null && ProviderAddress.Refuse(TokenEndpoint) is { } tokenEndpoint)
            yield return new ValidationResult(tokenEndpoint, [nameof(TokenEndpoint)]);
    }
}
