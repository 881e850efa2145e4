namespace SwarmListener.Nodes;

/// <summary>A value, and those that it had shortly before. Immutable.</summary>
/// <remarks>Copies of a message may be on their way when the network changes its shape, and come from where its account was.</remarks>
internal sealed class Recent<T>(T current)
{
    /// <summary>Most former values that are remembered; swarms change every few hours.</summary>
    public const int FormerMax = 3;

    private readonly (T Value, DateTimeOffset Until)[] _former = [];

    private Recent(T current, (T Value, DateTimeOffset Until)[] former)
        : this(current) => _former = former;

    /// <summary>The present value.</summary>
    public T Current { get; } = current;

    /// <summary>Has a new value; the present one still counts until <paramref name="until"/>.</summary>
    public Recent<T> Then(T next, DateTimeOffset until) => new(next, [(Current, until), .. _former.Take(FormerMax - 1)]);

    /// <summary>The present value, then those that still count.</summary>
    public IEnumerable<T> At(DateTimeOffset now) => _former.Where(former => former.Until > now).Select(former => former.Value).Prepend(Current);
}
