using System.Collections.Concurrent;
using System.Net;
using SubscriptionApi.Http;

namespace SubscriptionApi.Ingress;

/// <summary>What each client and all of them together may ask for. A client that was quiet until its allowance was whole again is forgotten. Thread-safe.</summary>
internal sealed class RateLimits(IngressSettings settings, TimeProvider clock)
{
    /// <summary>Most clients that are remembered in each of two generations; those beyond share one allowance.</summary>
    public const int ClientsMax = 100_000;

    /// <summary>How many bytes of a body weigh 1.</summary>
    public const int BytesOfWeight = 1_000;

    // How long a body is, its sender says. Large ones have a bound of their own (LargeBodies), and no single request may use up what all clients have together.
    private const int TotalWeightMax = LargeBodies.FromBytes / BytesOfWeight;

    // After this time even the deepest debt is paid, and who is not remembered has a whole allowance.
    private readonly TimeSpan _generation = settings.ClientRate == 0 ? TimeSpan.MaxValue : TimeSpan.FromSeconds(1 + (2.0 * settings.ClientBurst / settings.ClientRate));
    private readonly Allowance _total = new(settings.TotalRate, settings.TotalBurst, clock);
    private readonly Allowance _strangers = new(settings.ClientRate, settings.ClientBurst, clock);
    private readonly Lock _gate = new();
    private ConcurrentDictionary<IPAddress, Allowance> _now = new();
    private ConcurrentDictionary<IPAddress, Allowance> _before = new();
    private int _known;
    private long _turnedAt = clock.GetTimestamp();

    /// <summary>Null when the request may come in; else why not.</summary>
    /// <param name="client">Whom it is counted for; null has no limit of its own.</param>
    /// <param name="bodyBytes">Of its body, as far as it is known.</param>
    public IngressRefusal? Refuses(IPAddress? client, long bodyBytes)
    {
        var weight = (int)Math.Min(int.MaxValue, 1 + (Math.Max(0, bodyBytes - 1) / BytesOfWeight));
        if (client is not null && settings.ClientRate > 0 && !Of(client).TryTake(weight))
            return IngressRefusal.ClientRate;
        return _total.TryTake(Math.Min(weight, TotalWeightMax)) ? null : IngressRefusal.TotalRate;
    }

    private Allowance Of(IPAddress client)
    {
        Turn();
        var now = Volatile.Read(ref _now);
        if (now.TryGetValue(client, out var known))
            return known;
        if (!Volatile.Read(ref _before).TryGetValue(client, out known))
        {
            if (Volatile.Read(ref _known) >= ClientsMax)
                return _strangers;
            known = new Allowance(settings.ClientRate, settings.ClientBurst, clock);
        }

        // To count what the dictionary holds would lock all of it.
        if (now.TryAdd(client, known))
            Interlocked.Increment(ref _known);
        return now.GetValueOrDefault(client, known);
    }

    private void Turn()
    {
        if (clock.GetElapsedTime(Volatile.Read(ref _turnedAt)) < _generation)
            return;
        lock (_gate)
        {
            if (clock.GetElapsedTime(_turnedAt) < _generation)
                return;
            Volatile.Write(ref _before, _now);
            Volatile.Write(ref _known, 0);
            Volatile.Write(ref _now, new ConcurrentDictionary<IPAddress, Allowance>());
            Volatile.Write(ref _turnedAt, clock.GetTimestamp());
        }
    }
}

/// <summary>Why a request or a connection was sent away.</summary>
internal enum IngressRefusal
{
    /// <summary>The client asked for too much.</summary>
    ClientRate,

    /// <summary>All clients together did.</summary>
    TotalRate,

    /// <summary>Too many requests are in work.</summary>
    InWork,

    /// <summary>The client has too many connections.</summary>
    Connections,
}
