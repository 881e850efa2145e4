using System.ComponentModel.DataAnnotations;
using Sotto.Delivery;

namespace ApnsSender;

/// <summary>
/// One environment of Apple; sections <c>Apns</c> (production) and <c>ApnsSandbox</c>. What is said of an app here is said of the one that is meant where none is named; further ones have
/// sections of their own. A section without any app is not served.
/// </summary>
internal sealed class ApnsSettings : ApnsAppSettings
{
    /// <summary>The name of the app that this section itself describes.</summary>
    public string App { get; set; } = AppName.Default;

    /// <summary>Further apps by name; read by <see cref="AppSections"/>.</summary>
    public Dictionary<string, ApnsAppSettings> Apps { get; set; } = [];

    /// <summary>The private key that device tokens of this environment are sealed to: 32 raw bytes or 64 hex digits.</summary>
    public string? SealingKeyFile { get; set; }

    /// <summary>True when this environment is to be served.</summary>
    internal bool IsServed => HasDefaultApp || Apps.Count > 0;

    /// <summary>True when the section describes an app itself.</summary>
    internal bool HasDefaultApp => !string.IsNullOrEmpty(Topic);

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsServed)
            yield break;
        if (string.IsNullOrEmpty(SealingKeyFile))
            yield return new ValidationResult("is needed: the private key that device tokens are sealed to.", [nameof(SealingKeyFile)]);
        if (!AppName.IsWellFormed(App))
            yield return new ValidationResult(AppSections.NameRule, [nameof(App)]);
        if (!HasDefaultApp)
            yield break;
        foreach (var wrong in base.Validate(validationContext))
            yield return wrong;
    }
}
