using Sotto.FakeProvider;

namespace Senders.Tests.Answers;

/// <summary>One row of a vendor's table of answers.</summary>
/// <param name="Words">Status and reason, as the table has them; names the test.</param>
/// <param name="Answer">What the vendor says of the push. <c>{token}</c> in its body is the device's.</param>
/// <param name="Fate">What comes of the push; see <see cref="Senders.Tests.Answers.Fate"/>.</param>
public sealed record AnswerRow(string Words, Fault Answer, string Fate)
{
    /// <summary>What comes of further pushes of the same app, one after the other.</summary>
    public IReadOnlyList<string> Next { get; init; } = [Answers.Fate.Taken()];

    /// <summary>True when the vendor says the same of those.</summary>
    public bool IsSaidOfAll { get; init; }

    /// <summary>True when it is the token endpoint that says so, of the app as a whole.</summary>
    public bool IsOfTokenEndpoint { get; init; }

    /// <summary>True when it concerns more than this one push, so that other rows must not share the app.</summary>
    public bool HasOwnApp => IsSaidOfAll || IsOfTokenEndpoint || Next is not [var next] || next != Answers.Fate.Taken();

    /// <summary>An answer that the vendor gives again and again.</summary>
    public static Fault Says(int status, string body, string? retryAfter = null) =>
        new() { Kind = FaultKind.Answer, Status = status, Body = body, RetryAfter = retryAfter, Count = 0 };

    /// <summary>An answer that the vendor gives once.</summary>
    public static Fault SaysOnce(int status, string body) => Says(status, body) with { Count = 1 };

    /// <inheritdoc/>
    public override string ToString() => Words;
}

/// <summary>What can come of a push, in words that a table of expectations can be read in.</summary>
internal static class Fate
{
    /// <summary>The provider took it.</summary>
    public static string Taken(int attempts = 1) => attempts == 1 ? "taken" : $"taken at attempt {attempts}";

    /// <summary>The device's token is retired, and the push a dead letter.</summary>
    public static string Retired(string reason, DateTimeOffset? since = null) => since is { } at ? $"token retired as of {at:O}: {reason}" : $"token retired: {reason}";

    public static string DeadLetter(string outcome, string reason) => $"dead letter: {outcome} {reason}";

    /// <summary>It lies in the broker for so long, and remembers why.</summary>
    public static string Parked(int seconds, string outcome, string reason) => $"parked for {seconds} s: {outcome} {reason}";

    /// <summary>It was refused for a reason that is not its own, and lies in the broker for so long, as it is.</summary>
    public static string Postponed(int seconds) => $"postponed for {seconds} s";

    /// <summary>It was refused for a reason that is not its own, and waits in the queue of its app, which is paused.</summary>
    public static string Held(string why) => $"held, app paused: {why}";

    /// <summary>It waits, and the provider was not even asked.</summary>
    public static string LeftAlone { get; } = "waits untried";
}
