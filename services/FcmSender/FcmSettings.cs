using System.ComponentModel.DataAnnotations;
using Sotto.Delivery;

namespace FcmSender;

/// <summary>
/// Google; section <c>Fcm</c>. What is said of an app here is said of the one that is meant where none is named; further ones have sections of their own.
/// </summary>
internal sealed class FcmSettings : FcmAppSettings
{
    /// <summary>The name of the app that this section itself describes.</summary>
    public string App { get; set; } = AppName.Default;

    /// <summary>Further apps by name; read by <see cref="AppSections"/>.</summary>
    public Dictionary<string, FcmAppSettings> Apps { get; set; } = [];

    /// <summary>The private key that device tokens are sealed to: 32 raw bytes or 64 hex digits.</summary>
    public string SealingKeyFile { get; set; } = "";

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(SealingKeyFile))
            yield return new ValidationResult("is needed: the private key that device tokens are sealed to.", [nameof(SealingKeyFile)]);
        if (!AppName.IsWellFormed(App))
            yield return new ValidationResult(AppSections.NameRule, [nameof(App)]);
        if (!IsServed && Apps.Count > 0)
            yield break;
        foreach (var wrong in base.Validate(validationContext))
            yield return wrong;
    }
}
