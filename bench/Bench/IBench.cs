namespace Sotto.Bench;

/// <summary>One question about speed, and how to ask it. A new one is a class, and a line in <see cref="Catalogue"/>.</summary>
internal interface IBench
{
    /// <summary>One word, as on the command line and in the JSON.</summary>
    public string Name { get; }

    /// <summary>What is measured, in one line for <c>--help</c>.</summary>
    public string Description { get; }

    /// <summary>Measures, and tells <see cref="BenchContext.Report"/> of each figure as soon as it has it. What it starts, it stops.</summary>
    public Task RunAsync(BenchContext context, CancellationToken cancellation);
}
