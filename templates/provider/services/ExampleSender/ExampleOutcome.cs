using Sotto.Delivery;
using Sotto.Example;
using Sotto.VendorHttp;

namespace ExampleSender;

/// <summary>The vendor's words in ours: a line for each thing that its documentation names. Pure.</summary>
internal static class ExampleOutcome
{
    private static readonly RetryPace Failed = new(TimeSpan.FromSeconds(10));

    public static DeliveryOutcome Of(ExampleResponse response, DateTimeOffset now)
    {
        // It expired while it waited for a connection.
        if (response.Silence is Silences.TooLate)
            return new DeliveryOutcome.Postponed(Silences.TooLate, TimeSpan.Zero);
        if (response.Silence is { } silence)
            return new DeliveryOutcome.RetryLater(silence, Failed);
        var reason = response.Error ?? $"status {response.Status}";
        var told = RetryAfter.Read(response.RetryAfter, now);
        return (response.Status, response.Error) switch
        {
            (200, _) when response.SaysTaken => new DeliveryOutcome.Delivered(),
            (_, "no such device") => new DeliveryOutcome.TokenDead(reason),
            // A wrong key of ours looks like many such tokens at once: they are doubted then.
            (_, "device of another account") => new DeliveryOutcome.TokenDead(reason, LooksLikeOurs: true),
            (401 or 403, _) => new DeliveryOutcome.CredentialBad(reason),
            (429, _) => new DeliveryOutcome.Throttled(ThrottleScope.App, reason, Failed, told),
            // What is not known never kills a token nor stops the queue.
            ( >= 400 and < 500, _) => new DeliveryOutcome.PayloadBad(reason),
            _ => new DeliveryOutcome.RetryLater(reason, Failed, told),
        };
    }
}
