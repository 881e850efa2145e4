using Sotto.Apns;
using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Hosting.Settings;

namespace ApnsSender;

/// <summary>The environments of Apple that the settings ask for, and their apps. Credentials are read here, so that wrong ones end the service at once.</summary>
internal static class ApnsProviders
{
    public static PushProviderRegistration[] Read(IConfiguration configuration)
    {
        var signers = new ProviderTokenSigners(TimeProvider.System);
        PushProviderRegistration?[] both =
        [
            Read(configuration, "Apns", Provider.Apns, ApnsOptions.Production, signers),
            Read(configuration, "ApnsSandbox", Provider.ApnsSandbox, ApnsOptions.Sandbox, signers),
        ];
        PushProviderRegistration[] served = [.. both.OfType<PushProviderRegistration>()];
        return served.Length > 0
            ? served
            : throw new SettingsException("Setting Apns:Topic or ApnsSandbox:Topic is needed: there is no app to send for.");
    }

    private static PushProviderRegistration? Read(IConfiguration configuration, string section, string name, Uri host, ProviderTokenSigners signers)
    {
        var further = configuration.ReadApps<ApnsAppSettings>(section, configuration[$"{section}:App"] ?? AppName.Default);
        var settings = configuration.ReadSettings<ApnsSettings>(section);
        if (!settings.IsServed)
            return null;
        var roots = TlsSettings.ReadTrustedRoots(configuration);
        var apps = further.Prepend((section, settings.App, settings)).Where(app => !string.IsNullOrEmpty(app.Item3.Topic)).Select(app =>
        {
            var options = Options(app.Item3, settings.Endpoint ?? host) with { TrustedRoots = roots };
            return Register(name, app.Item2, app.Item3, new CredentialedClient<ApnsClient>(ApnsCredentials.Plan(app.Item1, app.Item3, options, signers), TimeProvider.System));
        });
        return new PushProviderRegistration(name, section, settings.SealingKeyFile!, [.. apps], settings.HasDefaultApp ? settings.App : null);
    }

    private static ApnsOptions Options(ApnsAppSettings settings, Uri host) => new()
    {
        Endpoint = settings.Endpoint ?? host,
        Topic = settings.Topic!,
        ConnectionsMax = settings.Connections,
        StreamsMax = settings.Streams,
        RequestTimeout = TimeSpan.FromSeconds(settings.RequestTimeoutSeconds),
    };

    private static AppRegistration Register(string provider, string app, ApnsAppSettings settings, CredentialedClient<ApnsClient> client) => new(app, services =>
    {
        ConnectionMetrics.ShowConnections(
            provider,
            () => client.Current.Connections.WaitingForStream,
            () => client.Current.Connections.Opened,
            () => client.Current.Connections.ClockSkew,
            app);
        return new ApnsPushProvider(provider, client, settings, services.GetRequiredService<TimeProvider>());
    })
    {
        Credential = client,
    };
}
