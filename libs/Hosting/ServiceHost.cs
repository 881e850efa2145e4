using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Serilog;
using Sotto.Hosting.Bus;
using Sotto.Hosting.Settings;
using Sotto.Hosting.Telemetry;
using Sotto.Sodium;
using Sotto.Storage;

namespace Sotto.Hosting;

/// <summary>What every service has: settings, logs, the clock, health and metrics on an address of their own, and an orderly end.</summary>
public static class ServiceHost
{
    /// <summary>As an argument of a service: read the settings, say what is wrong with them, and end before anything is touched.</summary>
    public const string CheckOnly = "--check-settings";

    /// <summary>Key of the data source whose sessions end with their use, and with them whatever they held.</summary>
    public const string OwnSessions = "own-sessions";

    /// <summary>Exit code when settings are wrong (<c>EX_CONFIG</c> of sysexits.h).</summary>
    public const int ExitCodeSettings = 78;

    // What an instance that hangs in the middle of a transaction has locked is given back to the others after this time.
    private static readonly TimeSpan IdleInTransactionMax = TimeSpan.FromMinutes(2);

    // Whoever asks for health will not wait for the database's own time-outs.
    private static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a stop in good order may take; then what is still in hand is given up.</summary>
    public static readonly TimeSpan StopMax = TimeSpan.FromSeconds(30);

    // For what ends by itself when it is given up.
    private static readonly TimeSpan GivingUpMax = TimeSpan.FromSeconds(15);

    private const string AdminListener = "sotto-admin";

    /// <summary>Begins a service. Command line and environment override the files, as usual in .NET.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Configuration.AddEnvironmentVariables("SOTTO_").AddCommandLine(args);
        builder.Services.AddSingleton(SteppedClock.FromEnvironment());
        builder.Services.AddSingleton<PrometheusText>();
        builder.Services.AddHealthChecks();
        builder.AddLogs();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopMax);
        var admin = builder.AddSettings<AdminSettings>("Admin");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(ListenAddress.Parse(admin.Urls, "Admin:Urls"), listener => listener.Tag(AdminListener));
        });
        return builder;
    }

    /// <summary>Opens addresses of the service's own, beside the one for health and metrics. They may be <c>https</c>.</summary>
    /// <param name="builder">The service.</param>
    /// <param name="urls">One or several, separated by semicolons.</param>
    /// <param name="setting">The key that they were read from, for the error.</param>
    /// <param name="prepare">Prepares each listener; told whether it is for TLS, which is then its work.</param>
    public static void ListenAt(this WebApplicationBuilder builder, string urls, string setting, Action<ListenOptions, bool> prepare)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var isTls = url.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
            builder.WebHost.ConfigureKestrel(kestrel =>
                kestrel.Listen(ListenAddress.Parse(isTls ? "http" + url["https".Length..] : url, setting), listener => prepare(listener, isTls)));
        }
    }

    /// <summary>
    /// Registers the service's own schema of the database: a data source whose search path is the schema, migrated before anything else starts. Its sessions keep their settings,
    /// locks and subscriptions when they go back to the pool; what needs such takes a session of its own, from the data source with the key <see cref="OwnSessions"/>.
    /// </summary>
    /// <param name="builder">The service.</param>
    /// <param name="schema">The schema's name.</param>
    /// <param name="scripts">See <see cref="Migrations.RunAsync"/>.</param>
    /// <param name="sessionOptions">More settings of each session, as <c>-c name=value</c>.</param>
    public static void AddDatabase(this WebApplicationBuilder builder, string schema, Assembly scripts, string sessionOptions = "")
    {
        var given = new NpgsqlConnectionStringBuilder(builder.Configuration.Postgres());
        var connection = new NpgsqlConnectionStringBuilder(given.ConnectionString)
        {
            SearchPath = schema,
            ApplicationName = builder.Environment.ApplicationName,
            MaxAutoPrepare = 32,
            AutoPrepareMinUsages = 2,
            // Cleaning a session takes seven statements before the next use (decision 0012).
            NoResetOnClose = true,
            Options = $"{given.Options} {sessionOptions} -c idle_in_transaction_session_timeout={IdleInTransactionMax.TotalMilliseconds}",
        };
        var database = NpgsqlDataSource.Create(connection);
        builder.Services.AddSingleton(database);
        builder.Services.AddKeyedSingleton(OwnSessions, (_, _) => NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection.ConnectionString) { Pooling = false }));
        builder.Services.AddHostedService(services =>
            new SchemaMigration(database, schema, scripts, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<SchemaMigration>>()));
        builder.Services.AddHealthChecks().AddAsyncCheck("postgres", async cancellationToken =>
        {
            try
            {
                await using var command = database.CreateCommand("SELECT 1");
                await command.ExecuteScalarAsync(cancellationToken);
                return Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckResult.Healthy();
            }
            catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
            {
                return Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckResult.Unhealthy("The database does not answer.");
            }
        }, timeout: HealthTimeout);
    }

    /// <summary>True when the request came in at the address for health and metrics.</summary>
    public static bool IsAdmin(this HttpContext context) => context.Features.Get<ListenerTag>() is { Name: AdminListener };

    /// <summary>Maps health and metrics; they answer at the <c>Admin:Urls</c> address only, and nothing else does there, except what <paramref name="more"/> maps.</summary>
    public static void MapAdmin(this WebApplication app, Action<IApplicationBuilder>? more = null)
    {
        app.UseWhen(context => context.IsAdmin(), admin =>
        {
            admin.UseHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
            admin.UseHealthChecks("/health/ready");
            admin.Map("/metrics", metrics => metrics.Run(context =>
            {
                context.Response.ContentType = PrometheusText.ContentType;
                return context.Response.WriteAsync(context.RequestServices.GetRequiredService<PrometheusText>().Write(), context.RequestAborted);
            }));
            more?.Invoke(admin);
            admin.Run(context =>
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            });
        });
        app.Services.GetRequiredService<PrometheusText>();
    }

    /// <summary>Builds by <paramref name="build"/> and runs until told to stop. Wrong settings end it with a sentence and <see cref="ExitCodeSettings"/>.</summary>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> RunAsync(Func<WebApplication> build)
    {
        LastResort? lastResort = null;
        try
        {
            await using var app = build();
            if (Environment.GetCommandLineArgs().Contains(CheckOnly, StringComparer.Ordinal))
                return 0;
            app.Lifetime.ApplicationStarted.Register(() => SayReady(app));
            app.Services.GetService<BusStartWatch>()?.Arm();
            app.Lifetime.ApplicationStopping.Register(() => lastResort = new LastResort(
                "The stop", StopMax + GivingUpMax, app.Services.GetRequiredService<TimeProvider>(), app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Sotto")));
            var consumers = app.Services.GetService<ConsumerWatch>();
            await app.RunAsync();
            return consumers is { HasGivenUp: true } ? LastResort.ExitCodeHung : 0;
        }
        catch (Exception e) when (e is SettingsException or KeyFileException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCodeSettings;
        }
        finally
        {
            lastResort?.Dispose();
            await Log.CloseAndFlushAsync();
        }
    }

    private static void SayReady(WebApplication app)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        // Kestrel lists addresses in the order in which they were opened, and the admin's is opened first.
        app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Sotto").Ready(app.Environment.ApplicationName, addresses.FirstOrDefault() ?? "-");
    }

    private static void Tag(this ListenOptions listener, string name) =>
        listener.Use(next => connection =>
        {
            connection.Features.Set(new ListenerTag(name));
            return next(connection);
        });

    private sealed record ListenerTag(string Name);

    private sealed class SchemaMigration(
        NpgsqlDataSource database, string schema, Assembly scripts, TimeProvider clock, ILogger<SchemaMigration> logger) : IHostedService
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            var giveUpAt = clock.GetUtcNow() + Patience;
            while (true)
            {
                try
                {
                    await Migrations.RunAsync(database, schema, scripts, logger, cancellationToken);
                    return;
                }
                // The database may be starting beside us.
                catch (NpgsqlException e) when (e.IsTransient && clock.GetUtcNow() < giveUpAt)
                {
                    await Task.Delay(Pause, clock, cancellationToken);
                }
            }
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
