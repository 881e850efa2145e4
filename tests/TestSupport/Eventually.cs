using NUnit.Framework;
using Sotto.LocalServers.Processes;

namespace Sotto.TestSupport;

/// <summary>For what takes a while and says nothing when it is done: looks again and again, for a bounded time.</summary>
public static class Eventually
{
    /// <summary>Long enough for anything on a busy machine.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Fails the test when the condition does not hold in time; <paramref name="what"/> completes the sentence "It never came true that ...".</summary>
    public static async Task BecomesTrueAsync(Func<Task<bool>> condition, TimeSpan? within = null, string what = "the condition held")
    {
        var patience = within ?? Patience;
        if (!await Polling.UntilAsync(condition, patience))
            Assert.Fail($"It never came true within {patience.TotalSeconds:0.#} s that {what}.");
    }

    /// <inheritdoc cref="BecomesTrueAsync(Func{Task{bool}}, TimeSpan?, string)"/>
    public static Task BecomesTrueAsync(Func<bool> condition, TimeSpan? within = null, string what = "the condition held") =>
        BecomesTrueAsync(() => Task.FromResult(condition()), within, what);

    /// <summary>The first value that is not null; fails the test when none comes in time.</summary>
    public static async Task<T> YieldsAsync<T>(Func<Task<T?>> source, TimeSpan? within = null, string what = "there was a value")
        where T : class
    {
        T? value = null;
        await BecomesTrueAsync(async () => (value = await source()) is not null, within, what);
        return value!;
    }
}
