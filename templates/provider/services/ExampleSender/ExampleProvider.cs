using Sotto.Delivery;
using Sotto.Example;
using Sotto.Hosting.Settings;
using Sotto.VendorHttp;

namespace ExampleSender;

/// <summary>The account that the settings ask for. Its credentials are read here, so that wrong ones end the service at once.</summary>
internal static class ExampleProvider
{
    /// <summary>The provider's name, as clients say it in <c>service</c>.</summary>
    public const string Name = "example";

    private const string Section = "Example";

    public static PushProviderRegistration Read(IConfiguration configuration)
    {
        var settings = configuration.ReadSettings<ExampleSettings>(Section);
        var options = new ExampleOptions
        {
            Endpoint = settings.Endpoint ?? ExampleOptions.Production,
            ConnectionsMax = settings.Connections,
            RequestTimeout = TimeSpan.FromSeconds(settings.RequestTimeoutSeconds),
            TrustedRoots = TlsSettings.ReadTrustedRoots(configuration),
        };
        var client = new ExampleClient(options, ReadKey(settings.ApiKeyFile), TimeProvider.System);
        return new PushProviderRegistration(Name, Section, settings.SealingKeyFile, services =>
        {
            ConnectionMetrics.ShowConnections(Name, () => client.Connections.WaitingForStream, () => client.Connections.Opened, () => client.Connections.ClockSkew);
            return new ExamplePushProvider(client, services.GetRequiredService<TimeProvider>());
        });
    }

    private static string ReadKey(string path)
    {
        try
        {
            // It goes into a header.
            return PemFile.ReadText(path).Trim() is { Length: > 0 } key && key.All(c => c is > ' ' and < '\x7f')
                ? key
                : throw new SettingsException($"Setting {Section}:ApiKeyFile: the file {path} does not hold a key: one word of printable ASCII.");
        }
        catch (VendorCredentialException e)
        {
            throw new SettingsException($"Setting {Section}:ApiKeyFile: {e.Message}.");
        }
    }
}
