using System.ComponentModel.DataAnnotations;
using Sotto.Delivery;

namespace FcmSender;

/// <summary>One app at Google: a Firebase project, a service account that may send for it, and connections of its own. Sections <c>Fcm:Apps:{name}</c>.</summary>
internal class FcmAppSettings : IValidatableObject
{
    /// <summary>Google's host. Default: that of the section <c>Fcm</c>, or the real one.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>Where access tokens are had. Default: that of the section <c>Fcm</c>, or the service account's <c>token_uri</c>.</summary>
    public Uri? TokenEndpoint { get; set; }

    /// <summary>The JSON key file of a service account that may send for the project.</summary>
    public string? ServiceAccountFile { get; set; }

    /// <summary>The same as text, for who has it in an environment variable. Secret; a file can be replaced while the sender runs, this cannot.</summary>
    public string? ServiceAccount { get; set; }

    /// <summary>The project. Default: the service account's own.</summary>
    public string? ProjectId { get; set; }

    /// <summary>Sends with high priority, so that a dozing phone wakes. Without it Google waits until the phone is awake anyway.</summary>
    public bool HighPriority { get; set; } = true;

    /// <summary>Connections to Google.</summary>
    [Range(1, 32)]
    public int Connections { get; set; } = 4;

    /// <summary>Most requests at one time on a connection. Google closes connections with more than about 100.</summary>
    [Range(1, 100)]
    public int Streams { get; set; } = 90;

    /// <summary>Messages in a minute at most: the project's quota, or this instance's share of it where there are several. Default: Google's own, providers section 4.5.</summary>
    [Range(GateOptions.QuotaMin, GateOptions.QuotaMax)]
    public int MessagesPerMinuteMax { get; set; } = 600_000;

    /// <summary>How long Google may take to answer a request, in seconds; it asks for at least 10.</summary>
    [Range(1, 300)]
    public int RequestTimeoutSeconds { get; set; } = 15;

    /// <summary>True when there are credentials.</summary>
    internal bool IsServed => !string.IsNullOrEmpty(ServiceAccountFile) || !string.IsNullOrEmpty(ServiceAccount);

    /// <inheritdoc/>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsServed)
            yield return new ValidationResult("is needed: the JSON key file of a service account.", [nameof(ServiceAccountFile)]);
        if (!string.IsNullOrEmpty(ServiceAccountFile) && !string.IsNullOrEmpty(ServiceAccount))
            yield return new ValidationResult("one of the two is needed, and not both.", [nameof(ServiceAccountFile), nameof(ServiceAccount)]);
        if (Endpoint is not null && ProviderAddress.Refuse(Endpoint) is { } endpoint)
            yield return new ValidationResult(endpoint, [nameof(Endpoint)]);
        if (TokenEndpoint is not null && ProviderAddress.Refuse(TokenEndpoint) is { } tokenEndpoint)
            yield return new ValidationResult(tokenEndpoint, [nameof(TokenEndpoint)]);
    }
}
