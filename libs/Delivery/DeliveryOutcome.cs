namespace Sotto.Delivery;

/// <summary>What a provider's answer means for us: as many cases as there are things to do next (providers.md section 1).</summary>
/// <remarks>
/// The ninth class, a batch answer that differs by token, never leaves the sender that asked: it becomes one outcome for each token.
/// An answer that is not known is <see cref="PayloadBad"/> with a 4xx status and <see cref="RetryLater"/> otherwise; it never kills a token nor stops a queue.
/// </remarks>
public abstract record DeliveryOutcome
{
    private DeliveryOutcome(string @class, string reason)
    {
        Class = @class;
        Reason = ReasonText.Clean(reason);
    }

    /// <summary>The name of the class, for metrics and dead letters.</summary>
    public string Class { get; }

    /// <summary>The provider's own word, cleaned (<see cref="ReasonText"/>); empty when there is nothing to say.</summary>
    public string Reason { get; }

    /// <summary>The provider took responsibility. Next: say so.</summary>
    public sealed record Delivered() : DeliveryOutcome("DELIVERED", "");

    /// <summary>The provider took it and says that it threw it away. Next: count it; the token lives.</summary>
    public sealed record Dropped(string Why) : DeliveryOutcome("DROPPED", Why);

    /// <summary>Outage, time-out, a broken connection. Next: park it, and pause the queue if there are many.</summary>
    /// <param name="Why">The reason.</param>
    /// <param name="Pace">When to try again.</param>
    /// <param name="Told">No sooner than that, as the provider said; null when it did not.</param>
    public sealed record RetryLater(string Why, RetryPace Pace, TimeSpan? Told = null) : DeliveryOutcome("RETRY_LATER", Why)
    {
        /// <summary>True when it says nothing of the provider's other devices, such as those at another server.</summary>
        public bool OfPart { get; init; }
    }

    /// <summary>A rate limit. Next: park it, and pause what is limited and nothing else.</summary>
    /// <param name="Scope">What is limited.</param>
    /// <param name="Why">The reason.</param>
    /// <param name="Pace">When to try again.</param>
    /// <param name="Told">No sooner than that, as the provider said; null when it did not.</param>
    public sealed record Throttled(ThrottleScope Scope, string Why, RetryPace Pace, TimeSpan? Told = null) : DeliveryOutcome("THROTTLED", Why);

    /// <summary>No request was made: the part of the provider that the device belongs to is busy or is left alone for a while. Next: park it as it is.</summary>
    /// <param name="Why">The reason.</param>
    /// <param name="Pause">About how long.</param>
    public sealed record Postponed(string Why, TimeSpan Pause) : DeliveryOutcome("POSTPONED", Why);

    /// <summary>The device can never be reached by this token again. Next: retire the token, unless it was renewed since.</summary>
    /// <param name="Why">The reason, as documented by the provider.</param>
    /// <param name="Since">The provider's own instant of death; null when it gives none.</param>
    /// <param name="LooksLikeOurs">True when a wrong setting of ours would be answered in just this way, so that many at once are to be doubted.</param>
    public sealed record TokenDead(string Why, DateTimeOffset? Since = null, bool LooksLikeOurs = false) : DeliveryOutcome("TOKEN_DEAD", Why);

    /// <summary>Our key, secret, certificate, topic or project is wrong. Next: stop the queue, keep its pushes, alarm.</summary>
    /// <param name="Why">The reason.</param>
    /// <param name="Scope">What is out of reach.</param>
    public sealed record CredentialBad(string Why, CredentialScope Scope = CredentialScope.App) : DeliveryOutcome("CREDENTIAL_BAD", Why);

    /// <summary>This push can never be taken. Next: dead-letter it.</summary>
    public sealed record PayloadBad(string Why) : DeliveryOutcome("PAYLOAD_BAD", Why);

    /// <summary>Our short-lived token is too old. The vendor's client has renewed it and tried again, so this is followed like <see cref="CredentialBad"/> of the app or the device.</summary>
    public sealed record AuthRefresh(string Why) : DeliveryOutcome("AUTH_REFRESH", Why);
}

/// <summary>What wrong credentials put out of reach.</summary>
public enum CredentialScope
{
    /// <summary>All devices of the app: the queue stops at once.</summary>
    App,

    /// <summary>All, or this device alone: the provider says the same of a token of another app. The queue stops when it is said several times in a row.</summary>
    AppOrDevice,

    /// <summary>Some devices of the provider; the others go on.</summary>
    Part,
}

/// <summary>What a rate limit limits.</summary>
public enum ThrottleScope
{
    /// <summary>One device.</summary>
    Token,

    /// <summary>Our app with this provider.</summary>
    App,

    /// <summary>The provider as a whole, or our connection to it.</summary>
    Provider,

    /// <summary>Some devices of the provider; the sender itself leaves them alone, the others go on.</summary>
    Part,
}
