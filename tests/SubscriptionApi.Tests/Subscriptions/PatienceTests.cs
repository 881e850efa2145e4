using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using SubscriptionApi.Http;
using SubscriptionApi.Providers;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi.Tests.Subscriptions;

/// <summary>How long an answer may take when what is behind does not come to an end.</summary>
public sealed class PatienceTests
{
    // What a service node waits for an answer that it passes on (session-onion section 1).
    private static readonly TimeSpan NodePatience = TimeSpan.FromSeconds(25);

    [Test]
    public async Task Work_that_does_not_end_is_answered_by_error_3_before_a_node_loses_patience()
    {
        var clock = new ManualTimeProvider();
        var batch = new ItemBatch(new DeviceInquiry.Factory(null!, null!, null!, new ApiSettings()), clock, NullLogger<ItemBatch>.Instance);

        var answering = batch.AnswerAsync(RequestBody.Of("[{},{}]"u8.ToArray(), 100), new RouteMetrics("patience"), NeverAsync, CancellationToken.None);
        Assert.That(answering.IsCompleted, Is.False);
        clock.Advance(ItemBatch.AnswerMax);

        Assert.That(Encoding.UTF8.GetString((await answering.WaitAsync(Eventually.Patience)).Body.Span), Does.StartWith("{\"error\":3,"));
        Assert.That(ItemBatch.AnswerMax + (2 * Entrance.TurnWaitMax), Is.LessThan(NodePatience));
    }

    private static async Task<ItemAnswer> NeverAsync(ItemFields fields, DeviceInquiry inquiry, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return ItemAnswer.Failed;
    }
}
