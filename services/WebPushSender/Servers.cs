using Microsoft.Extensions.Logging.Abstractions;
using Sotto.Delivery;
using Sotto.WebPush;

namespace WebPushSender;

/// <summary>
/// A gate of its own before each push server (an origin: scheme, host, port): one that is slow, fails, throttles or refuses us holds up nobody else's pushes. A server
/// of strangers that was never heard of is asked by one request at a time until it has answered one. The least lately used are forgotten. Thread-safe.
/// </summary>
internal sealed class Servers(TrustedServers trusted, WebPushSettings settings, TimeProvider clock, ILogger logger)
{
    /// <summary>Most servers remembered; each takes about 1 KB.</summary>
    public const int CountMax = 10_000;

    /// <summary>A push waits so long for its turn at a busy server before it goes back to the broker: behind it are pushes for others.</summary>
    public static readonly TimeSpan TurnPatience = TimeSpan.FromSeconds(2);

    /// <summary>Attempts in a row without an answer, or with the server's own failure, after which it is left alone.</summary>
    public const int OutageAttempts = 5;

    private static readonly RetryPace OutagePace = new(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5));
    private const int LongestCredentialPause = 30;

    private readonly Lock _gate = new();
    private readonly BoundedCache<string, ProviderGate> _gates = new(CountMax);

    /// <summary>The gate before the endpoint's server.</summary>
    public ProviderGate GateOf(Uri endpoint)
    {
        var origin = VapidSigner.Origin(endpoint);
        lock (_gate)
        {
            if (_gates.TryGet(origin, out var gate))
                return gate;
            gate = Create(endpoint);
            _gates.Set(origin, gate);
            return gate;
        }
    }

    private ProviderGate Create(Uri endpoint)
    {
        var known = trusted.Has(endpoint);
        var credentialPause = TimeSpan.FromSeconds(settings.CredentialPauseSeconds);
        var options = new GateOptions
        {
            InFlightMax = settings.InFlightPerServer,
            BeginsWithProbe = !known,
            OutageAttempts = OutageAttempts,
            RampUp = TimeSpan.FromSeconds(10),
            HoldMax = TimeSpan.Zero,
            OutagePace = OutagePace,
            CredentialPace = new(credentialPause, LongestCredentialPause * credentialPause),
        };
        // What a stranger's server does is no news, and its name may name a person.
        return known
            ? new ProviderGate($"webpush at {endpoint.Host}", options, clock, logger)
            : new ProviderGate("webpush", options, clock, NullLogger.Instance);
    }
}
