using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sotto.Hosting.Telemetry;

namespace Sotto.Delivery;

/// <summary>Credentials that come from a file and can be replaced while a sender runs.</summary>
public interface IWatchedCredential
{
    /// <summary>Told of everything that happens to the credentials. Set once, before the first look; called on any thread.</summary>
    public Action<CredentialNews>? Told { get; set; }

    /// <summary>When the credentials in use end; null when they do not.</summary>
    public DateTimeOffset? EndsAt { get; }

    /// <summary>Looks at the file. Whatever is wrong with it is told, not thrown.</summary>
    public Task LookAsync(CancellationToken cancellationToken);
}

/// <summary>What has happened to credentials.</summary>
/// <param name="Step">What.</param>
/// <param name="Why">Why they were refused; empty otherwise. Never shows anything of them.</param>
public readonly record struct CredentialNews(CredentialStep Step, string Why = "");

/// <summary>Where new credentials are on their way.</summary>
public enum CredentialStep
{
    /// <summary>They look right; the next push tries them.</summary>
    Offered,

    /// <summary>The provider has taken a push with them: they are in use.</summary>
    Taken,

    /// <summary>They are not used; those from before stay.</summary>
    Refused,

    /// <summary>What was refused has gone from the file.</summary>
    Withdrawn,
}

internal sealed record WatchedApp(string Provider, string App, IWatchedCredential Credential, ProviderGate Gate);

/// <summary>
/// Looks at the files of credentials every few seconds: their content alone counts, so that it does not matter how they are replaced, and on what kind of volume.
/// </summary>
internal sealed class CredentialWatch : BackgroundService
{
    private static readonly Counter<long> Changes = Metrics.Meter.CreateCounter<long>("sotto_credential_changes", description: "New credentials: taken or refused");

    private readonly IReadOnlyList<WatchedApp> _apps;
    private readonly TimeSpan _every;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly HashSet<WatchedApp> _refused = [];
    private readonly Dictionary<WatchedApp, Reminder> _ends;

    public CredentialWatch(IReadOnlyList<WatchedApp> apps, TimeSpan every, TimeProvider clock, ILogger<CredentialWatch> logger)
    {
        (_apps, _every, _clock, _logger) = (apps, every, clock, logger);
        _ends = apps.ToDictionary(app => app, _ => new Reminder(clock, TimeSpan.FromHours(12)));
        Metrics.Meter.CreateObservableGauge("sotto_credential_days_left", DaysLeft, description: "Days until credentials end that do end: an alarm at 30, 14, 7");
        Metrics.Meter.CreateObservableGauge("sotto_credential_refused", Refused, description: "1 while a file holds credentials that are not used: an alarm");
    }

    // A provider certificate is good for a year, and a new one takes a person (providers.md section 3.3).
    private static readonly TimeSpan EndWarning = TimeSpan.FromDays(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var app in _apps)
            app.Credential.Told = news => Tell(app, news);
        using var timer = new PeriodicTimer(_every, _clock);
        do
        {
            foreach (var app in _apps)
            {
                await app.Credential.LookAsync(stoppingToken);
                if (app.Credential.EndsAt is { } end && end - _clock.GetUtcNow() < EndWarning && _ends[app].IsDue())
                    _logger.CredentialEnds(app.Provider, app.App, end);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void Tell(WatchedApp app, CredentialNews news)
    {
        lock (_refused)
        {
            if (news.Step == CredentialStep.Refused)
                _refused.Add(app);
            else
                _refused.Remove(app);
        }

        switch (news.Step)
        {
            case CredentialStep.Offered:
                _logger.CredentialOffered(app.Provider, app.App);
                app.Gate.ProbeCredentials();
                break;
            case CredentialStep.Taken:
                Changes.Add(1, [.. Labels(app), new("end", "taken")]);
                _logger.CredentialTaken(app.Provider, app.App);
                break;
            case CredentialStep.Refused:
                Changes.Add(1, [.. Labels(app), new("end", "refused")]);
                _logger.CredentialRefused(app.Provider, app.App, news.Why);
                break;
            default:
                break;
        }
    }

    private IEnumerable<Measurement<double>> DaysLeft() =>
        from app in _apps
        where app.Credential.EndsAt is not null
        select new Measurement<double>((app.Credential.EndsAt!.Value - _clock.GetUtcNow()).TotalDays, Labels(app));

    private List<Measurement<int>> Refused()
    {
        lock (_refused)
            return [.. _apps.Select(app => new Measurement<int>(_refused.Contains(app) ? 1 : 0, Labels(app)))];
    }

    private static KeyValuePair<string, object?>[] Labels(WatchedApp app) => [new("provider", app.Provider), new("app", app.App)];
}
