using Sotto.Apns;
using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Hosting.Settings;
using Sotto.VendorHttp;

namespace ApnsSender;

/// <summary>The environments of Apple that the settings ask for. Credentials are read here, so that wrong ones end the service at once.</summary>
internal static class ApnsProviders
{
    // A provider certificate is good for a year, and a new one takes a person (providers.md section 3.3).
    private static readonly TimeSpan CertificateWarning = TimeSpan.FromDays(30);

    public static PushProviderRegistration[] Read(IConfiguration configuration)
    {
        PushProviderRegistration?[] both =
        [
            Read(configuration, "Apns", Provider.Apns, ApnsOptions.Production),
            Read(configuration, "ApnsSandbox", Provider.ApnsSandbox, ApnsOptions.Sandbox),
        ];
        PushProviderRegistration[] served = [.. both.OfType<PushProviderRegistration>()];
        return served.Length > 0
            ? served
            : throw new SettingsException("Setting Apns:Topic or ApnsSandbox:Topic is needed: there is no app to send for.");
    }

    private static PushProviderRegistration? Read(IConfiguration configuration, string section, string name, Uri host)
    {
        var settings = configuration.ReadSettings<ApnsSettings>(section);
        if (!settings.IsServed)
            return null;
        var options = new ApnsOptions
        {
            Endpoint = settings.Endpoint ?? host,
            Topic = settings.Topic!,
            ConnectionsMax = settings.Connections,
            StreamsMax = settings.Streams,
            RequestTimeout = TimeSpan.FromSeconds(settings.RequestTimeoutSeconds),
            TrustedRoots = TlsSettings.ReadTrustedRoots(configuration),
        };
        var client = CreateClient(options, settings, section, TimeProvider.System);
        return new PushProviderRegistration(name, section, settings.SealingKeyFile!, services => Create(name, client, settings, services));
    }

    private static ApnsPushProvider Create(string name, ApnsClient client, ApnsSettings settings, IServiceProvider services)
    {
        var clock = services.GetRequiredService<TimeProvider>();
        ConnectionMetrics.ShowConnections(name, () => client.Connections.WaitingForStream, () => client.Connections.Opened, () => client.Connections.ClockSkew);
        if (client.CredentialEndsAt is { } end)
        {
            ConnectionMetrics.ShowCredential(name, end, clock);
            if (end - clock.GetUtcNow() < CertificateWarning)
                services.GetRequiredService<ILogger<ApnsPushProvider>>().CertificateEnds(name, end);
        }

        return new ApnsPushProvider(name, client, settings, clock);
    }

    private static ApnsClient CreateClient(ApnsOptions options, ApnsSettings settings, string section, TimeProvider clock)
    {
        try
        {
            return settings.KeyFile is { Length: > 0 } key
                ? new ApnsClient(options, new ProviderTokenSigner(PemFile.ReadText(key), settings.KeyId!, settings.TeamId!, $"the file {key}", clock), clock)
                : new ApnsClient(options, ApnsCertificate.FromPemFile(settings.CertificateFile!), clock);
        }
        catch (VendorCredentialException e)
        {
            var setting = settings.KeyFile is { Length: > 0 } ? nameof(settings.KeyFile) : nameof(settings.CertificateFile);
            throw new SettingsException($"Setting {section}:{setting}: {e.Message}.");
        }
    }
}
