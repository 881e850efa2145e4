using Sotto.Delivery;

namespace StubSender;

/// <summary>The provider's words in ours. A real table has a line for each thing that the vendor documents.</summary>
internal static class StubOutcome
{
    private static readonly RetryPace Failed = new(TimeSpan.FromSeconds(10));

    public static DeliveryOutcome Of(int status)
    {
        var reason = $"status {status}";
        return status switch
        {
            >= 200 and < 300 => new DeliveryOutcome.Delivered(),
            401 or 403 => new DeliveryOutcome.CredentialBad(reason),
            404 or 410 => new DeliveryOutcome.TokenDead(reason),
            429 => new DeliveryOutcome.Throttled(ThrottleScope.App, reason, Failed),
            // What is not known never kills a token nor stops the queue.
            >= 400 and < 500 => new DeliveryOutcome.PayloadBad(reason),
            _ => new DeliveryOutcome.RetryLater(reason, Failed),
        };
    }
}
