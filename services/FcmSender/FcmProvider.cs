using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Fcm;
using Sotto.Hosting.Settings;
using Sotto.VendorHttp;

namespace FcmSender;

/// <summary>The projects that the settings ask for. Credentials are read here, so that wrong ones end the service at once.</summary>
internal static class FcmProvider
{
    private const string Section = "Fcm";

    public static PushProviderRegistration Read(IConfiguration configuration)
    {
        var further = configuration.ReadApps<FcmAppSettings>(Section, configuration[$"{Section}:App"] ?? AppName.Default);
        var settings = configuration.ReadSettings<FcmSettings>(Section);
        var roots = TlsSettings.ReadTrustedRoots(configuration);
        var apps = further.Prepend((Section, settings.App, settings)).Where(app => app.Item3.IsServed).Select(app =>
        {
            var options = Options(app.Item3, settings) with { TrustedRoots = roots };
            return Register(app.Item2, app.Item3, new CredentialedClient<FcmClient>(Plan(app.Item1, app.Item3, options), TimeProvider.System));
        });
        return new PushProviderRegistration(Provider.Firebase, Section, settings.SealingKeyFile, [.. apps], settings.IsServed ? settings.App : null);
    }

    private static FcmOptions Options(FcmAppSettings settings, FcmSettings all) => new()
    {
        Endpoint = settings.Endpoint ?? all.Endpoint ?? FcmOptions.Production,
        TokenEndpoint = settings.TokenEndpoint ?? all.TokenEndpoint,
        ProjectId = string.IsNullOrEmpty(settings.ProjectId) ? null : settings.ProjectId,
        ConnectionsMax = settings.Connections,
        StreamsMax = settings.Streams,
        RequestTimeout = TimeSpan.FromSeconds(settings.RequestTimeoutSeconds),
    };

    private static CredentialPlan<FcmClient> Plan(string section, FcmAppSettings settings, FcmOptions options)
    {
        var source = CredentialSource.Of(
            section, nameof(settings.ServiceAccountFile), settings.ServiceAccountFile, nameof(settings.ServiceAccount), settings.ServiceAccount)!;
        string? project = options.ProjectId;
        return new(source, text =>
        {
            var account = ReadAccount(text, source, options);
            // All device tokens belong to one project: another one's account would make them look dead.
            project ??= account.ProjectId;
            if (options.ProjectId is not null || account.ProjectId == project)
                return new FcmClient(options, account, TimeProvider.System);
            account.Dispose();
            throw new CredentialException($"{source.Name} is for another project than before");
        })
        {
            Prove = async (client, cancellationToken) =>
                await client.AskForAccessAsync(cancellationToken) is { Token: null } refused ? FcmOutcome.OfNoAccess(refused, TimeProvider.System.GetUtcNow()) : null,
        };
    }

    private static ServiceAccount ReadAccount(string text, CredentialSource source, FcmOptions options)
    {
        try
        {
            var account = ServiceAccount.Parse(text, source.Name);
            if (options.TokenEndpoint is not null || ProviderAddress.Refuse(account.TokenEndpoint) is not { } sentence)
                return account;
            account.Dispose();
            throw new CredentialException($"its token_uri {sentence.TrimEnd('.')}");
        }
        catch (VendorCredentialException e)
        {
            throw new CredentialException(e.Message);
        }
    }

    private static AppRegistration Register(string app, FcmAppSettings settings, CredentialedClient<FcmClient> client) => new(app, services =>
    {
        ConnectionMetrics.ShowConnections(
            Provider.Firebase,
            () => client.Current.Connections.WaitingForStream,
            () => client.Current.Connections.Opened,
            () => client.Current.Connections.ClockSkew,
            app);
        return new FcmPushProvider(client, settings, services.GetRequiredService<TimeProvider>());
    })
    {
        Credential = client,
    };
}
