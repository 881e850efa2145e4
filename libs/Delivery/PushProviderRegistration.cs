namespace Sotto.Delivery;

/// <summary>A provider that a sender serves.</summary>
/// <param name="Name">Its name; see <see cref="Contracts.Provider"/>.</param>
/// <param name="Section">The section of its settings, for errors.</param>
/// <param name="SealingKeyFile">The file of the private key that device tokens are sealed to: 32 raw bytes, or 64 hex digits.</param>
/// <param name="Create">Makes it. Credentials are read before, so that wrong ones end the service at once.</param>
public sealed record PushProviderRegistration(string Name, string Section, string SealingKeyFile, Func<IServiceProvider, IPushProvider> Create);
