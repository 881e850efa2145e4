namespace Sotto.Delivery;

/// <summary>A provider that a sender serves, and the apps that it serves there.</summary>
/// <param name="Name">The provider's name; see <see cref="Contracts.Provider"/>.</param>
/// <param name="Section">The section of its settings, for errors.</param>
/// <param name="SealingKeyFile">The file of the private key that device tokens are sealed to: 32 raw bytes, or 64 hex digits.</param>
/// <param name="Apps">At least one, each by another name.</param>
/// <param name="DefaultApp">The app that is meant where none is named; null when one must be named.</param>
public sealed record PushProviderRegistration(
    string Name, string Section, string SealingKeyFile, IReadOnlyList<AppRegistration> Apps, string? DefaultApp)
{
    /// <summary>A provider with one app, which nobody needs to name.</summary>
    /// <param name="name">The provider's name.</param>
    /// <param name="section">The section of its settings.</param>
    /// <param name="sealingKeyFile">See above.</param>
    /// <param name="create">Makes the provider. Credentials are read before, so that wrong ones end the service at once.</param>
    public PushProviderRegistration(string name, string section, string sealingKeyFile, Func<IServiceProvider, IPushProvider> create)
        : this(name, section, sealingKeyFile, [new AppRegistration(AppName.Default, create)], AppName.Default)
    {
    }
}

/// <summary>An app that a sender serves.</summary>
/// <param name="Name">Its name, as clients name it; see <see cref="AppName"/>.</param>
/// <param name="Create">Makes its side of the provider. Credentials are read before, so that wrong ones end the service at once.</param>
public sealed record AppRegistration(string Name, Func<IServiceProvider, IPushProvider> Create)
{
    /// <summary>Its credentials, when they are to be looked after while the sender runs.</summary>
    public IWatchedCredential? Credential { get; init; }
}

/// <summary>
/// The names of apps. A client names its app in <c>service_info</c>, as <c>"app"</c>; the name is sealed with its device token, so that only the provider's sender knows it.
/// </summary>
public static class AppName
{
    /// <summary>What the app is called that has no name of its own.</summary>
    public const string Default = "default";

    /// <summary>The key in <c>service_info</c>.</summary>
    public const string Key = "app";

    /// <summary>Longest name, in characters.</summary>
    public const int LengthMax = 64;

    /// <summary>True for 1 to <see cref="LengthMax"/> characters of <c>[a-z0-9-]</c>: a name is part of a queue's name.</summary>
    public static bool IsWellFormed(string name) =>
        name.Length is > 0 and <= LengthMax && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
