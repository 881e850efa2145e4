using Sotto.Delivery;
using Sotto.WebPush;

namespace WebPushSender;

/// <summary>
/// What has gone wrong lately at each endpoint of a stranger's server, where neither a death nor a failure is taken at its word (providers.md section 8). In memory and
/// bounded: what a restart forgets is asked for again. Thread-safe.
/// </summary>
internal sealed class EndpointHistory(TimeProvider clock)
{
    /// <summary>Most endpoints remembered; those in good order are not, each other takes about 200 bytes.</summary>
    public const int CountMax = 100_000;

    /// <summary>A stranger's server must say so twice, this far apart, before a token dies: a misconfigured proxy says 404 too.</summary>
    public static readonly TimeSpan DeathsApart = TimeSpan.FromMinutes(5);

    /// <summary>After so many failures in a row an endpoint is left alone: somebody may have subscribed an address that is not theirs.</summary>
    public const int FailuresMax = 20;

    /// <summary>An endpoint whose server was not reached for so long, and was tried again within <see cref="LooksApartMax"/> each time, is dead.</summary>
    public static readonly TimeSpan UnreachableMax = TimeSpan.FromDays(14);

    /// <summary>
    /// Two looks that lie further apart than this say nothing of the time between them: another instance may have reached the endpoint. A rest is shorter.
    /// </summary>
    public static readonly TimeSpan LooksApartMax = TimeSpan.FromDays(2);

    /// <summary>Redirects in a row after which an endpoint is counted as a redirecting one.</summary>
    public const int RedirectsMax = 3;

    private static readonly RetryPace SecondLook = new(DeathsApart);
    private static readonly TimeSpan FirstRest = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromDays(1);

    private readonly BoundedCache<DeviceKey, Misfortune> _misfortunes = new(CountMax);

    // By a clock that nobody sets: no endpoint dies or rests for longer because the time of day was changed.
    private TimeSpan Now => clock.GetElapsedTime(startingTimestamp: 0);

    /// <summary>How long the device's endpoint is still to be left alone; zero for not at all.</summary>
    public TimeSpan RestOf(ReadOnlySpan<byte> deviceId)
    {
        if (!DeviceKey.TryRead(deviceId, out var key) || !_misfortunes.TryGet(key, out var misfortune))
            return TimeSpan.Zero;
        lock (misfortune)
            return misfortune.RestsUntil - Now is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>What a server's answer means for an endpoint with this history.</summary>
    /// <param name="deviceId">Whose endpoint.</param>
    /// <param name="response">What the server said.</param>
    /// <param name="outcome">What it means by itself.</param>
    /// <param name="trusted">Whether the server is believed; but a web page is nobody's word.</param>
    public DeliveryOutcome Judge(ReadOnlySpan<byte> deviceId, WebPushResponse response, DeliveryOutcome outcome, bool trusted)
    {
        if (!DeviceKey.TryRead(deviceId, out var key))
            return outcome;
        if (response.Silence is null && _misfortunes.TryGet(key, out var reached))
            Reached(reached);
        switch (outcome)
        {
            case DeliveryOutcome.Delivered:
                _misfortunes.Remove(key);
                return outcome;
            // Due to us or to the server as a whole, not to the endpoint.
            case DeliveryOutcome.Postponed or DeliveryOutcome.Throttled or DeliveryOutcome.CredentialBad or DeliveryOutcome.TokenDead { LooksLikeOurs: true }:
                return outcome;
            case DeliveryOutcome.TokenDead when trusted && !response.IsPage:
                return outcome;
            case not DeliveryOutcome.TokenDead when trusted:
                return outcome;
        }

        if (!_misfortunes.TryGet(key, out var misfortune))
            _misfortunes.Set(key, misfortune = new Misfortune());
        lock (misfortune)
            return Judge(misfortune, response, outcome);
    }

    private DeliveryOutcome Judge(Misfortune misfortune, WebPushResponse response, DeliveryOutcome outcome)
    {
        var now = Now;
        CountFailure(misfortune, now);
        misfortune.Redirects = response.Status is >= 300 and < 400 ? misfortune.Redirects + 1 : 0;
        if (misfortune.Redirects == RedirectsMax)
            WebPushMetrics.Redirects();
        // A token that was renewed in between is not the one that could not be reached.
        if (response.Silence is not null && UnreachableFor(misfortune, now) is var unreachable && unreachable >= UnreachableMax)
            return new DeliveryOutcome.TokenDead("unreachable for 14 days", clock.GetUtcNow() - unreachable, LooksLikeOurs: true);
        if (outcome is not DeliveryOutcome.TokenDead)
            return outcome;
        if (now - misfortune.SaidDeadAt > LooksApartMax)
            misfortune.SaidDeadAt = null;
        var apart = now - (misfortune.SaidDeadAt ??= now);
        if (apart < DeathsApart)
            return new DeliveryOutcome.RetryLater($"said once: {outcome.Reason}", SecondLook, DeathsApart - apart) { OfPart = true };
        // The same endpoint may be registered anew.
        misfortune.SaidDeadAt = null;
        return outcome;
    }

    private static void Reached(Misfortune misfortune)
    {
        lock (misfortune)
            misfortune.UnreachableSince = null;
    }

    private static TimeSpan UnreachableFor(Misfortune misfortune, TimeSpan now)
    {
        if (misfortune.UnreachableSince is null || now - misfortune.UnreachableAt > LooksApartMax)
            misfortune.UnreachableSince = now;
        misfortune.UnreachableAt = now;
        return now - misfortune.UnreachableSince.Value;
    }

    private static void CountFailure(Misfortune misfortune, TimeSpan now)
    {
        misfortune.Failures++;
        if (misfortune.Failures < FailuresMax)
            return;
        if (misfortune.Failures == FailuresMax)
            WebPushMetrics.Rests();
        var rest = FirstRest * Math.Pow(2, Math.Min(misfortune.Failures - FailuresMax, 10));
        misfortune.RestsUntil = now + (rest < LongestRest ? rest : LongestRest);
    }

    private sealed class Misfortune
    {
        public int Failures { get; set; }

        public int Redirects { get; set; }

        public TimeSpan RestsUntil { get; set; }

        public TimeSpan? SaidDeadAt { get; set; }

        public TimeSpan? UnreachableSince { get; set; }

        public TimeSpan UnreachableAt { get; set; }
    }
}
