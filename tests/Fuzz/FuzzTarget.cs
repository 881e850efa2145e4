namespace Fuzz;

/// <summary>One parser that meets what strangers write.</summary>
/// <param name="Name">Its name, and that of its corpus below <c>tests/corpus</c>.</param>
/// <param name="Words">Pieces of its language, for changes that get past the first byte.</param>
/// <param name="Parse">
/// Reads an input, and says in a word what it made of it: inputs that are told apart are kept and changed further. Whatever it throws is a crash: documented exceptions are
/// caught inside.
/// </param>
internal sealed record FuzzTarget(string Name, IReadOnlyList<string> Words, Func<byte[], string> Parse)
{
    /// <summary>Most bytes of one input.</summary>
    public const int InputBytesMax = 64 * 1024;

    /// <summary>Most bytes that reading allocates, whatever the input.</summary>
    public int AllocatedBytesMax { get; init; } = 64 * 1024;

    /// <summary>And for each byte of the input.</summary>
    public int AllocatedPerByteMax { get; init; } = 64;

    /// <summary>How long one input may take on a busy machine; longer is a hang.</summary>
    public TimeSpan TimeMax { get; init; } = TimeSpan.FromSeconds(20);

    public override string ToString() => Name;
}
