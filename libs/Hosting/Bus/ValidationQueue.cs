using MassTransit;
using MassTransit.Middleware;
using Sotto.Contracts;

namespace Sotto.Hosting.Bus;

/// <summary>The queue of <see cref="ValidateDeviceToken"/> requests for one provider, and what both of its sides must agree on.</summary>
/// <remarks>
/// The queue, and the exchange in front of it, are there only while a sender is. They are durable all the same: the bus makes a queue exclusive to its
/// connection that is neither durable nor lasting, and then a second instance of the sender could not share it.
/// </remarks>
public static class ValidationQueue
{
    /// <summary>Where the requests for one provider are sent, as <see cref="Provider.ValidationQueue"/> with the arguments that <see cref="UseValidationQueue"/> gives it.</summary>
    public static Uri AddressOf(string provider) => new($"exchange:{Provider.ValidationQueue(provider)}?durable=true&autodelete=true");

    /// <summary>
    /// Makes the endpoint the one that answers these requests. Requests that fail are answered as failed and leave nothing behind: they hold what a client sent.
    /// </summary>
    public static void UseValidationQueue(this IRabbitMqReceiveEndpointConfigurator endpoint)
    {
        endpoint.Durable = true;
        endpoint.AutoDelete = true;
        endpoint.ConfigureConsumeTopology = false;
        endpoint.DiscardSkippedMessages();
        endpoint.ConfigureError(pipe =>
        {
            pipe.UseFilter(new GenerateFaultFilter());
            pipe.UseFilter(new DiscardErrorTransportFilter());
        });
    }
}
