using System.ComponentModel.DataAnnotations;
using Sotto.Delivery;

namespace HuaweiSender;

/// <summary>One app at Huawei; section <c>Huawei</c>.</summary>
internal sealed class HuaweiSettings : IValidatableObject
{
    /// <summary>Huawei's host. Default: the real one.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>Where access tokens are had. Default: the real one.</summary>
    public Uri? TokenEndpoint { get; set; }

    /// <summary>The app's (client's) id.</summary>
    [Required(ErrorMessage = "is needed: the app's id.")]
    public string AppId { get; set; } = "";

    /// <summary>The app's secret. Better in a file: <see cref="AppSecretFile"/>.</summary>
    public string? AppSecret { get; set; }

    /// <summary>A file with the app's secret in its one line.</summary>
    public string? AppSecretFile { get; set; }

    /// <summary>The private key that device tokens are sealed to: 32 raw bytes or 64 hex digits.</summary>
    [Required(ErrorMessage = "is needed: the private key that device tokens are sealed to.")]
    public string SealingKeyFile { get; set; } = "";

    /// <summary>HTTP/1.1 connections to Huawei; each carries one request at a time.</summary>
    [Range(1, 64)]
    public int Connections { get; set; } = 16;

    /// <summary>How long Huawei may take to answer a request, in seconds.</summary>
    [Range(1, 300)]
    public int RequestTimeoutSeconds { get; set; } = 10;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(AppSecret) == string.IsNullOrEmpty(AppSecretFile))
            yield return new ValidationResult("one of the two is needed, and not both.", [nameof(AppSecret), nameof(AppSecretFile)]);
        if (Endpoint is not null && ProviderAddress.Refuse(Endpoint) is { } endpoint)
            yield return new ValidationResult(endpoint, [nameof(Endpoint)]);
        if (TokenEndpoint is not null && ProviderAddress.Refuse(TokenEndpoint) is { } tokenEndpoint)
            yield return new ValidationResult(tokenEndpoint, [nameof(TokenEndpoint)]);
    }
}
