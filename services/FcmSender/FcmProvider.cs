using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Fcm;
using Sotto.Hosting.Settings;
using Sotto.VendorHttp;

namespace FcmSender;

/// <summary>The project that the settings ask for. Its credentials are read here, so that wrong ones end the service at once.</summary>
internal static class FcmProvider
{
    private const string Section = "Fcm";

    public static PushProviderRegistration Read(IConfiguration configuration)
    {
        var settings = configuration.ReadSettings<FcmSettings>(Section);
        var options = new FcmOptions
        {
            Endpoint = settings.Endpoint ?? FcmOptions.Production,
            TokenEndpoint = settings.TokenEndpoint,
            ProjectId = string.IsNullOrEmpty(settings.ProjectId) ? null : settings.ProjectId,
            ConnectionsMax = settings.Connections,
            StreamsMax = settings.Streams,
            RequestTimeout = TimeSpan.FromSeconds(settings.RequestTimeoutSeconds),
            TrustedRoots = TlsSettings.ReadTrustedRoots(configuration),
        };
        var client = new FcmClient(options, ReadAccount(settings), TimeProvider.System);
        return new PushProviderRegistration(Provider.Firebase, Section, settings.SealingKeyFile, services =>
        {
            ConnectionMetrics.ShowConnections(
                Provider.Firebase, () => client.Connections.WaitingForStream, () => client.Connections.Opened, () => client.Connections.ClockSkew);
            return new FcmPushProvider(client, settings, services.GetRequiredService<TimeProvider>());
        });
    }

    private static ServiceAccount ReadAccount(FcmSettings settings)
    {
        try
        {
            var account = ServiceAccount.FromFile(settings.ServiceAccountFile);
            if (settings.TokenEndpoint is null && ProviderAddress.Refuse(account.TokenEndpoint) is { } sentence)
                throw new SettingsException($"Setting {Section}:{nameof(settings.ServiceAccountFile)}: its token_uri {sentence}");
            return account;
        }
        catch (VendorCredentialException e)
        {
            throw new SettingsException($"Setting {Section}:{nameof(settings.ServiceAccountFile)}: {e.Message}.");
        }
    }
}
