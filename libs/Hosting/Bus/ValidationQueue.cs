using MassTransit;
using MassTransit.Middleware;
using Sotto.Contracts;

namespace Sotto.Hosting.Bus;

/// <summary>The queue of <see cref="ValidateDeviceToken"/> requests for one provider, and what both of its sides must agree on.</summary>
/// <remarks>
/// The queue is there only while a sender is. It is durable all the same: the bus makes a queue exclusive to its connection that is neither durable nor
/// lasting, and then a second instance of the sender could not share it. The exchange that requests are sent to stays, so that a request finds
/// an exchange and no queue when the last sender has gone, and is returned at once; without an exchange the broker closes the channel.
/// </remarks>
public static class ValidationQueue
{
    /// <summary>The exchange that requests for one provider are sent to.</summary>
    public static string RequestsExchange(string provider) => $"{Provider.ValidationQueue(provider)}.requests";

    /// <summary>Header of a request: the routing key in <see cref="BusTopology.ApiAnswers"/> by which its answer reaches the instance that asked.</summary>
    public const string AnswerToHeader = "sotto-answer-to";

    /// <summary>
    /// Where answers are sent. Direct reply-to would do as well, but goes through the default exchange, and who may write there may write to every queue of the
    /// virtual host.
    /// </summary>
    public static Uri AnswersAddress { get; } = new($"exchange:{BusTopology.ApiAnswers}?type=direct");

    /// <summary>The address of <see cref="RequestsExchange"/>.</summary>
    public static Uri AddressOf(string provider) => new($"exchange:{RequestsExchange(provider)}");

    /// <summary>
    /// Makes the endpoint, named <see cref="Provider.ValidationQueue"/>, the one that answers these requests. Requests that fail are answered as failed and leave nothing
    /// behind: they hold what a client sent.
    /// </summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="provider">Whose requests it answers.</param>
    public static void UseValidationQueue(this IRabbitMqReceiveEndpointConfigurator endpoint, string provider)
    {
        endpoint.Durable = true;
        endpoint.AutoDelete = true;
        endpoint.ConfigureConsumeTopology = false;
        endpoint.Bind(RequestsExchange(provider));
        // Answers and faults alike find the instance that asked.
        endpoint.ConfigureSend(pipe => pipe.UseExecute(answer =>
        {
            if (answer.TryGetPayload<ConsumeContext>(out var question) && question.Headers.Get<string>(AnswerToHeader) is { } instance && answer.TryGetPayload<RabbitMqSendContext>(out var rabbit))
                rabbit.RoutingKey = instance;
        }));
        endpoint.DiscardSkippedMessages();
        endpoint.ConfigureError(pipe =>
        {
            pipe.UseFilter(new GenerateFaultFilter());
            pipe.UseFilter(new DiscardErrorTransportFilter());
        });
    }
}
