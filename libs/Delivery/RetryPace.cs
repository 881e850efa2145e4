namespace Sotto.Delivery;

/// <summary>When to try again: growing pauses with full jitter (providers.md section 1.3).</summary>
/// <param name="Base">The first pause.</param>
/// <param name="Cap">The longest.</param>
public sealed record RetryPace(TimeSpan Base, TimeSpan Cap)
{
    // A pause that a provider asked for is lengthened by up to so much, so that not all come back at once.
    private const double ToldJitter = 0.1;

    /// <summary>The longest pause of all, whether ours or told.</summary>
    public static readonly TimeSpan CapDefault = TimeSpan.FromHours(1);

    /// <summary>A pace that grows up to <see cref="CapDefault"/>.</summary>
    public RetryPace(TimeSpan @base)
        : this(@base, CapDefault)
    {
    }

    /// <summary>A single quick try before the pauses proper; null for none.</summary>
    public TimeSpan? Quick { get; init; }

    /// <summary>The pause before the next try.</summary>
    /// <param name="tries">How many tries were made before the one that failed just now.</param>
    /// <param name="told">What the provider asked for; the longer one counts.</param>
    /// <param name="random">Where chance comes from.</param>
    public TimeSpan After(int tries, TimeSpan? told, Random random)
    {
        var own = Quick is { } quick
            ? tries == 0 ? quick : Grown(tries - 1)
            : Grown(tries);
        own *= 0.5 + (random.NextDouble() / 2);
        if (told is not { } asked)
            return own;
        asked = (asked < CapDefault ? asked : CapDefault) * (1 + (random.NextDouble() * ToldJitter));
        return asked > own ? asked : own;
    }

    private TimeSpan Grown(int doublings)
    {
        var pause = Base;
        for (; doublings > 0 && pause < Cap; doublings--)
            pause *= 2;
        return pause < Cap ? pause : Cap;
    }
}
