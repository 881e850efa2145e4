using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Hms;
using Sotto.Hosting.Settings;
using Sotto.VendorHttp;

namespace HuaweiSender;

/// <summary>The apps that the settings ask for. Credentials are read here, so that wrong ones end the service at once.</summary>
internal static class HuaweiProvider
{
    private const string Section = "Huawei";

    public static PushProviderRegistration Read(IConfiguration configuration)
    {
        var further = configuration.ReadApps<HuaweiAppSettings>(Section, configuration[$"{Section}:App"] ?? AppName.Default);
        var settings = configuration.ReadSettings<HuaweiSettings>(Section);
        var roots = TlsSettings.ReadTrustedRoots(configuration);
        var apps = further.Prepend((Section, settings.App, settings)).Where(app => app.Item3.IsServed).Select(app =>
        {
            var options = Options(app.Item3, settings) with { TrustedRoots = roots };
            return Register(app.Item2, app.Item3, new CredentialedClient<HmsClient>(Plan(app.Item1, app.Item3, options), TimeProvider.System));
        });
        return new PushProviderRegistration(Provider.Huawei, Section, settings.SealingKeyFile, [.. apps], settings.IsServed ? settings.App : null);
    }

    private static HmsOptions Options(HuaweiAppSettings settings, HuaweiSettings all) => new()
    {
        Endpoint = settings.Endpoint ?? all.Endpoint ?? HmsOptions.Production,
        TokenEndpoint = settings.TokenEndpoint ?? all.TokenEndpoint ?? HmsOptions.ProductionToken,
        Version = settings.UsedVersion,
        AppId = settings.AppId ?? "",
        ProjectId = string.IsNullOrEmpty(settings.ProjectId) ? null : settings.ProjectId,
        ConnectionsMax = settings.Connections,
        RequestTimeout = TimeSpan.FromSeconds(settings.RequestTimeoutSeconds),
    };

    private static CredentialPlan<HmsClient> Plan(string section, HuaweiAppSettings settings, HmsOptions options)
    {
        var source = settings.UsesServiceAccount
            ? CredentialSource.Of(section, nameof(settings.ServiceAccountFile), settings.ServiceAccountFile, nameof(settings.ServiceAccount), settings.ServiceAccount)!
            : CredentialSource.Of(section, nameof(settings.AppSecretFile), settings.AppSecretFile, nameof(settings.AppSecret), settings.AppSecret)!;
        string? project = options.ProjectId;
        return new(source, text => settings.UsesServiceAccount ? OfAccount(text, source, options, ref project) : OfSecret(text, source, options))
        {
            Prove = async (client, cancellationToken) =>
                await client.AskForAccessAsync(cancellationToken) is { Token: null } refused ? HuaweiOutcome.OfNoAccess(refused, TimeProvider.System.GetUtcNow()) : null,
        };
    }

    private static HmsClient OfSecret(string text, CredentialSource source, HmsOptions options) =>
        text.Trim() is { Length: > 0 } secret ? new HmsClient(options, secret, TimeProvider.System) : throw new CredentialException($"{source.Name} is empty");

    private static HmsClient OfAccount(string text, CredentialSource source, HmsOptions options, ref string? project)
    {
        try
        {
            var account = HmsServiceAccount.Parse(text, source.Name, TimeProvider.System);
            // All device tokens belong to one project: another one's account would make them look dead.
            project ??= account.ProjectId;
            if (options.ProjectId is not null || account.ProjectId == project)
                return new HmsClient(options with { ProjectId = project }, account, TimeProvider.System);
            account.Dispose();
        }
        catch (VendorCredentialException e)
        {
            throw new CredentialException(e.Message);
        }

        throw new CredentialException($"{source.Name} is for another project than before");
    }

    private static AppRegistration Register(string app, HuaweiAppSettings settings, CredentialedClient<HmsClient> client) => new(app, services =>
    {
        ConnectionMetrics.ShowConnections(
            Provider.Huawei,
            () => client.Current.Connections.WaitingForStream,
            () => client.Current.Connections.Opened,
            () => client.Current.Connections.ClockSkew,
            app);
        return new HuaweiPushProvider(client, settings, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<HuaweiPushProvider>>());
    })
    {
        Credential = client,
    };
}
