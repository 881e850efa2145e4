using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Hms;
using Sotto.Hosting.Settings;
using Sotto.VendorHttp;

namespace HuaweiSender;

/// <summary>The app that the settings ask for. Its credentials are read here, so that wrong ones end the service at once.</summary>
internal static class HuaweiProvider
{
    private const string Section = "Huawei";

    public static PushProviderRegistration Read(IConfiguration configuration)
    {
        var settings = configuration.ReadSettings<HuaweiSettings>(Section);
        var options = new HmsOptions
        {
            Endpoint = settings.Endpoint ?? HmsOptions.Production,
            TokenEndpoint = settings.TokenEndpoint ?? HmsOptions.ProductionToken,
            AppId = settings.AppId,
            ConnectionsMax = settings.Connections,
            RequestTimeout = TimeSpan.FromSeconds(settings.RequestTimeoutSeconds),
            TrustedRoots = TlsSettings.ReadTrustedRoots(configuration),
        };
        var client = new HmsClient(options, ReadSecret(settings), TimeProvider.System);
        return new PushProviderRegistration(Provider.Huawei, Section, settings.SealingKeyFile, services =>
        {
            ConnectionMetrics.ShowConnections(
                Provider.Huawei, () => client.Connections.WaitingForStream, () => client.Connections.Opened, () => client.Connections.ClockSkew);
            return new HuaweiPushProvider(client, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<HuaweiPushProvider>>());
        });
    }

    private static string ReadSecret(HuaweiSettings settings)
    {
        if (settings.AppSecretFile is not { Length: > 0 } path)
            return settings.AppSecret!;
        try
        {
            return PemFile.ReadText(path).Trim() is { Length: > 0 } secret
                ? secret
                : throw new SettingsException($"Setting {Section}:{nameof(settings.AppSecretFile)}: the file {path} is empty.");
        }
        catch (VendorCredentialException e)
        {
            throw new SettingsException($"Setting {Section}:{nameof(settings.AppSecretFile)}: {e.Message}.");
        }
    }
}
