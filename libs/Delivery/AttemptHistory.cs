using Sotto.Contracts;

namespace Sotto.Delivery;

/// <summary>Writes on a push what has been tried with it.</summary>
internal static class AttemptHistory
{
    /// <summary>The push with one more failed attempt on it.</summary>
    /// <param name="push">The push.</param>
    /// <param name="at">When the attempt was begun.</param>
    /// <param name="outcome">How it ended.</param>
    public static EncryptedPush Tried(this EncryptedPush push, DateTimeOffset at, DeliveryOutcome outcome) => push with
    {
        Attempt = push.Attempt + 1,
        FirstAttemptAt = push.FirstAttemptAt ?? at,
        PastAttempts =
        [
            .. (push.PastAttempts ?? []).TakeLast(PushAttempt.KeptMax - 1),
            new PushAttempt { At = at, Outcome = outcome.Class, Reason = outcome.Reason },
        ],
    };
}
