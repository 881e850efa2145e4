using System.Net;
using System.Security.Cryptography;
using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Hosting.Settings;
using Sotto.VendorHttp;
using Sotto.WebPush;

namespace WebPushSender;

/// <summary>Web Push as the settings ask for it. The key is read here, so that a wrong one ends the service at once.</summary>
internal static class WebPushProvider
{
    private const string Section = "WebPush";

    public static PushProviderRegistration Read(IConfiguration configuration)
    {
        var settings = configuration.ReadSettings<WebPushSettings>(Section);
        var rules = Rules(settings);
        var options = new WebPushClientOptions
        {
            RequestTimeout = TimeSpan.FromSeconds(settings.RequestTimeoutSeconds),
            ConnectionsPerOriginMax = settings.InFlightPerServer,
            TrustedRoots = TlsSettings.ReadTrustedRoots(configuration),
        };
        var client = new WebPushClient(rules, ReadSigner(settings), options);
        return new PushProviderRegistration(Provider.WebPush, Section, settings.SealingKeyFile, services => Create(client, rules, settings, services));
    }

    private static WebPushPushProvider Create(WebPushClient client, EndpointRules rules, WebPushSettings settings, IServiceProvider services)
    {
        var clock = services.GetRequiredService<TimeProvider>();
        var logger = services.GetRequiredService<ILogger<WebPushPushProvider>>();
        logger.KeyRead(client.PublicKey);
        if (rules.TestOrigins.Count > 0)
            logger.OriginsExempt(rules.TestOrigins.Count);
        var trusted = new TrustedServers(WebPushSettings.List(settings.TrustedHosts));
        return new WebPushPushProvider(client, rules, new Servers(trusted, settings, clock, logger), new EndpointHistory(clock), trusted, settings, clock);
    }

    private static EndpointRules Rules(WebPushSettings settings) => new()
    {
        DeniedHosts = WebPushSettings.List(settings.DeniedHosts),
        DeniedNetworks = [.. WebPushSettings.List(settings.DeniedNetworks).Select(text => IPNetwork.Parse(text))],
        TestOrigins = WebPushSettings.List(settings.TestOrigins).ToHashSet(StringComparer.Ordinal),
    };

    private static VapidSigner ReadSigner(WebPushSettings settings)
    {
        var setting = nameof(settings.VapidKeyFile);
        try
        {
            var pem = PemFile.ReadText(settings.VapidKeyFile);
            // The exceptions of the import may quote what they could not read; this one does not.
            PemFile.ImportP256(pem, $"the file {settings.VapidKeyFile}").Dispose();
            setting = nameof(settings.Subject);
            return new VapidSigner(pem, settings.Subject, TimeProvider.System);
        }
        catch (VendorCredentialException e)
        {
            throw new SettingsException($"Setting {Section}:{setting}: {e.Message}.");
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new SettingsException($"Setting {Section}:{setting}: must be mailto:name@host or an https URL of a public host.");
        }
    }
}
