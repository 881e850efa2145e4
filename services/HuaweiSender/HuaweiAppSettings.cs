using System.ComponentModel.DataAnnotations;
using Sotto.Delivery;
using Sotto.Hms;

namespace HuaweiSender;

/// <summary>One app at Huawei: its id, its credentials, and connections of its own. Sections <c>Huawei:Apps:{name}</c>.</summary>
internal class HuaweiAppSettings : IValidatableObject
{
    /// <summary>Huawei's host. Default: that of the section <c>Huawei</c>, or the real one.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>Where access tokens are had. Default: that of the section <c>Huawei</c>, or the real one.</summary>
    public Uri? TokenEndpoint { get; set; }

    /// <summary>The app's (client's) id; with a secret.</summary>
    public string? AppId { get; set; }

    /// <summary>The app's secret. Better in a file: <see cref="AppSecretFile"/>.</summary>
    public string? AppSecret { get; set; }

    /// <summary>A file with the app's secret in its one line.</summary>
    public string? AppSecretFile { get; set; }

    /// <summary>The JSON key file of a service account, instead of id and secret.</summary>
    public string? ServiceAccountFile { get; set; }

    /// <summary>The same as text, for who has it in an environment variable. Secret; a file can be replaced while the sender runs, this cannot.</summary>
    public string? ServiceAccount { get; set; }

    /// <summary>Which of Huawei's interfaces is used: v1 names the app, v2 and v3 its project. v3 wants a service account. Default: v1 with a secret, v3 with a service account.</summary>
    public HmsVersion? Version { get; set; }

    /// <summary>The project, for v2 and v3. Default: the service account's own.</summary>
    public string? ProjectId { get; set; }

    /// <summary>HTTP/1.1 connections to Huawei; each carries one request at a time.</summary>
    [Range(1, 64)]
    public int Connections { get; set; } = 16;

    /// <summary>Messages in a minute at most: the app's quota, or this instance's share of it where there are several. Default: 6,000 a second, the least that Huawei grants an app, providers section 5.6.</summary>
    [Range(GateOptions.QuotaMin, GateOptions.QuotaMax)]
    public int MessagesPerMinuteMax { get; set; } = 360_000;

    /// <summary>How long Huawei may take to answer a request, in seconds.</summary>
    [Range(1, 300)]
    public int RequestTimeoutSeconds { get; set; } = 10;

    internal bool UsesServiceAccount => !string.IsNullOrEmpty(ServiceAccountFile) || !string.IsNullOrEmpty(ServiceAccount);

    internal HmsVersion UsedVersion => Version ?? (UsesServiceAccount ? HmsVersion.V3 : HmsVersion.V1);

    /// <summary>True when anything is said of an app.</summary>
    internal bool IsServed => UsesServiceAccount || !string.IsNullOrEmpty(AppId) || !string.IsNullOrEmpty(AppSecret) || !string.IsNullOrEmpty(AppSecretFile);

    /// <inheritdoc/>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(AppId) && (!UsesServiceAccount || UsedVersion == HmsVersion.V1))
            yield return new ValidationResult("is needed: the app's id.", [nameof(AppId)]);
        string?[] credentials = [AppSecret, AppSecretFile, ServiceAccountFile, ServiceAccount];
        if (credentials.Count(one => !string.IsNullOrEmpty(one)) != 1)
            yield return new ValidationResult("one of these is needed, and not more.", [nameof(AppSecret), nameof(AppSecretFile), nameof(ServiceAccountFile), nameof(ServiceAccount)]);
        if (UsedVersion == HmsVersion.V3 && !UsesServiceAccount)
            yield return new ValidationResult("v3 wants a service account.", [nameof(Version)]);
        if (UsedVersion == HmsVersion.V2 && !UsesServiceAccount && string.IsNullOrEmpty(ProjectId))
            yield return new ValidationResult("is needed with v2 and a secret.", [nameof(ProjectId)]);
        if (Endpoint is not null && ProviderAddress.Refuse(Endpoint) is { } endpoint)
            yield return new ValidationResult(endpoint, [nameof(Endpoint)]);
        if (TokenEndpoint is not null && ProviderAddress.Refuse(TokenEndpoint) is { } tokenEndpoint)
            yield return new ValidationResult(tokenEndpoint, [nameof(TokenEndpoint)]);
    }
}
