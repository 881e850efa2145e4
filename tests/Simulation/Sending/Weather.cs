using Simulation.Running;
using Sotto.Delivery;

namespace Simulation.Sending;

/// <summary>What the provider is like, for a while.</summary>
internal enum WeatherKind
{
    Clear,
    Outage,
    ThrottledWithTime,
    ThrottledWithoutTime,
    CredentialRefused,
    AppOrDeviceRefused,
    AllLookDead,
    DevicesThrottled,
    Faulty,
    PartOutOfReach,
}

/// <summary>How the provider changes while a seed is played: storms, and in the end clear weather.</summary>
internal sealed class Weather
{
    private static readonly WeatherKind[] Kinds = Enum.GetValues<WeatherKind>();
    private readonly Scheduler _scheduler;

    public Weather(Scheduler scheduler, TimeSpan stormsEnd)
    {
        _scheduler = scheduler;
        var at = scheduler.Between(0, 30);
        while (at < stormsEnd)
        {
            var kind = scheduler.Chance(0.4) ? WeatherKind.Clear : Kinds[scheduler.Random.Next(Kinds.Length)];
            scheduler.After(at, () => Change(kind));
            at += scheduler.Between(5, 150);
        }

        scheduler.After(stormsEnd, () => Change(WeatherKind.Clear));
    }

    public WeatherKind Kind { get; private set; }

    /// <summary>How long an answer takes.</summary>
    public TimeSpan Latency() => Kind == WeatherKind.Outage && _scheduler.Chance(0.5) ? _scheduler.Between(5, 10) : _scheduler.Between(0.01, 0.3);

    /// <summary>What the provider says.</summary>
    /// <exception cref="InvalidOperationException">A fault of ours, such as the code under test must live with.</exception>
    public DeliveryOutcome Answer(Device device, DateTimeOffset now)
    {
        var bad = _scheduler.Chance(0.9);
        return Kind switch
        {
            WeatherKind.Outage when bad => new DeliveryOutcome.RetryLater("503", new RetryPace(TimeSpan.FromSeconds(1)), Told(0.3)),
            WeatherKind.ThrottledWithTime when bad => new DeliveryOutcome.Throttled(ThrottleScope.App, "429", new RetryPace(TimeSpan.FromSeconds(5)), Told(1)),
            WeatherKind.ThrottledWithoutTime when bad => new DeliveryOutcome.Throttled(ThrottleScope.Provider, "429", new RetryPace(TimeSpan.FromSeconds(5))),
            WeatherKind.CredentialRefused when bad => _scheduler.Chance(0.5) ? new DeliveryOutcome.CredentialBad("key") : new DeliveryOutcome.AuthRefresh("old"),
            WeatherKind.AppOrDeviceRefused when bad => new DeliveryOutcome.CredentialBad("topic", CredentialScope.AppOrDevice),
            WeatherKind.AllLookDead when bad => new DeliveryOutcome.TokenDead(SendingWorld.DoubtfulReason, LooksLikeOurs: true),
            WeatherKind.DevicesThrottled when bad => new DeliveryOutcome.Throttled(ThrottleScope.Token, "slow", new RetryPace(TimeSpan.FromSeconds(5)), Told(0.7)),
            WeatherKind.Faulty when bad => throw new InvalidOperationException("a bug of ours"),
            WeatherKind.PartOutOfReach when device.Number % 2 == 0 => new DeliveryOutcome.CredentialBad("part", CredentialScope.Part),
            _ => Ordinary(device, now),
        };
    }

    private DeliveryOutcome Ordinary(Device device, DateTimeOffset now)
    {
        if (device.GoneSince is { } gone && gone <= now)
            return new DeliveryOutcome.TokenDead("gone", _scheduler.Chance(0.5) ? gone : null);
        if (_scheduler.Chance(0.01))
            return new DeliveryOutcome.PayloadBad("400");
        return _scheduler.Chance(0.02) ? new DeliveryOutcome.RetryLater("blip", new RetryPace(TimeSpan.FromSeconds(1))) : new DeliveryOutcome.Delivered();
    }

    private TimeSpan? Told(double probability) => _scheduler.Chance(probability) ? TimeSpan.FromSeconds(_scheduler.Random.Next(1, 240)) : null;

    private void Change(WeatherKind kind)
    {
        Kind = kind;
        _scheduler.Trace.Add(_scheduler.Time.Elapsed, $"the weather is {kind}");
    }
}
