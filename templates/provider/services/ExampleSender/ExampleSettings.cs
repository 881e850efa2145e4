using System.ComponentModel.DataAnnotations;
using Sotto.Delivery;

namespace ExampleSender;

/// <summary>One account at Example; section <c>Example</c>.</summary>
internal sealed class ExampleSettings : IValidatableObject
{
    /// <summary>The vendor's host. Default: the real one.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>A file with the account's API key in its one line.</summary>
    [Required(ErrorMessage = "is needed: a file with the account's API key.")]
    public string ApiKeyFile { get; set; } = "";

    /// <summary>The private key that device tokens are sealed to: 32 raw bytes or 64 hex digits.</summary>
    [Required(ErrorMessage = "is needed: the private key that device tokens are sealed to.")]
    public string SealingKeyFile { get; set; } = "";

    /// <summary>Connections to the vendor.</summary>
    [Range(1, 64)]
    public int Connections { get; set; } = 2;

    /// <summary>How long the vendor may take to answer a request, in seconds.</summary>
    [Range(1, 300)]
    public int RequestTimeoutSeconds { get; set; } = 10;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Endpoint is not null && ProviderAddress.Refuse(Endpoint) is { } endpoint)
            yield return new ValidationResult(endpoint, [nameof(Endpoint)]);
    }
}
