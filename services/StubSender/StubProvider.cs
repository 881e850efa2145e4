using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Hosting.Settings;

namespace StubSender;

/// <summary>The provider as the settings ask for it. Credentials, where there are any, are read here, so that wrong ones end the service at once.</summary>
internal static class StubProvider
{
    private const string Section = "Stub";

    public static PushProviderRegistration Read(IConfiguration configuration)
    {
        var settings = configuration.ReadSettings<StubSettings>(Section);
        return new PushProviderRegistration(
            Provider.Dummy, Section, settings.SealingKeyFile, services => new StubPushProvider(settings, services.GetRequiredService<TimeProvider>()));
    }
}
