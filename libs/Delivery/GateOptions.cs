namespace Sotto.Delivery;

/// <summary>How a <see cref="ProviderGate"/> pauses and lets in again.</summary>
public sealed record GateOptions
{
    /// <summary>Least <see cref="PerMinuteMax"/>: what a sender has in hand must have its turn well before the broker loses patience with it.</summary>
    public const int QuotaMin = 6_000;

    /// <summary>Largest <see cref="PerMinuteMax"/>: far beyond what one instance can send.</summary>
    public const int QuotaMax = 60_000_000;

    /// <summary>Most attempts at one time.</summary>
    public required int InFlightMax { get; init; }

    /// <summary>Most attempts in any minute, evenly spread: <see cref="QuotaMin"/> to <see cref="QuotaMax"/>; null where the provider has no quota.</summary>
    public int? PerMinuteMax { get; init; }

    /// <summary>Whether the very first attempt goes alone, as after a pause, and others only when it was answered.</summary>
    public bool BeginsWithProbe { get; init; }

    /// <summary>Attempts in a row that the provider did not answer, or failed by itself, after which it is taken to be out.</summary>
    public int OutageAttempts { get; init; } = 20;

    /// <summary>Refusals in a row that may be due to the device or to our credentials, after which it is the credentials.</summary>
    public int RefusalsMax { get; init; } = 3;

    /// <summary>After a pause the number of attempts at one time grows from one to <see cref="InFlightMax"/> in this time.</summary>
    public TimeSpan RampUp { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Pushes wait in hand through a pause that is no longer than this; for a longer one they go back to the broker. Well below the broker's own patience.</summary>
    public TimeSpan HoldMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Pauses while credentials are refused.</summary>
    public RetryPace CredentialPace { get; init; } = new(TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5));

    /// <summary>Pauses during an outage.</summary>
    public RetryPace OutagePace { get; init; } = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(60));

    /// <summary>Where chance comes from: pauses are jittered.</summary>
    public Random Random { get; init; } = Random.Shared;
}

/// <summary>Leave to make one attempt.</summary>
/// <param name="Epoch">In which state of the gate it was given: answers from before a pause say nothing about the time after it.</param>
public readonly record struct GatePass(int Epoch);

/// <summary>Why a gate is closed.</summary>
public enum GateReason
{
    /// <summary>It is open.</summary>
    None,

    /// <summary>Our app, or the provider as a whole, is over its rate.</summary>
    Throttled,

    /// <summary>Our credentials are refused.</summary>
    Credential,

    /// <summary>The provider does not answer, or fails.</summary>
    Outage,
}
