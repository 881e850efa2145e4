using System.Net.Sockets;
using MassTransit;
using Npgsql;
using RabbitMQ.Client.Exceptions;

namespace Sotto.Hosting.Bus;

/// <summary>Which faults mend themselves, and how long a message waits in its consumer for that instead of becoming poison.</summary>
public static class TransientRetry
{
    /// <summary>The first pause; each further one is twice as long, up to <see cref="PauseMax"/>.</summary>
    public static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between two tries.</summary>
    public static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long one delivery waits in all. RabbitMQ takes a message back that a consumer has held for 30 minutes (<c>consumer_timeout</c>), so this
    /// is less; with <see cref="BusTopology.DeliveryLimit"/> deliveries an outage of an hour and a half makes no poison.
    /// </summary>
    public static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(20);

    private static readonly TimeSpan[] Pauses = [.. PausesUpTo(WaitMax)];

    /// <summary>
    /// Tries a message again, in place, while the database or the broker is away. The message keeps its place in the consumer, so that nothing more than
    /// the prefetch is taken from the queue meanwhile. Every other fault goes at once to the broker, which counts it.
    /// </summary>
    public static void UseTransientRetry(this IReceiveEndpointConfigurator endpoint) =>
        endpoint.UseMessageRetry(retry =>
        {
            retry.Handle<Exception>(IsTransient);
            retry.Intervals(Pauses);
        });

    /// <summary>True for a server that is away, overloaded or has broken off the work, and for a transaction that gave way to another; the same work may succeed later.</summary>
    public static bool IsTransient(Exception exception) => exception switch
    {
        NpgsqlException { IsTransient: true } or PostgresException { SqlState: IdleInTransaction } => true,
        ConnectionException or TransportUnavailableException or MessageNotAcknowledgedException or MessageReturnedException => true,
        BrokerUnreachableException or AlreadyClosedException => true,
        TimeoutException or SocketException => true,
        _ => exception.InnerException is { } inner && IsTransient(inner),
    };

    // idle_in_transaction_session_timeout: the server took us for dead. Npgsql has no name for it.
    private const string IdleInTransaction = "25P03";

    private static IEnumerable<TimeSpan> PausesUpTo(TimeSpan total)
    {
        var waited = TimeSpan.Zero;
        for (var pause = PauseMin; waited + pause <= total; pause = pause * 2 < PauseMax ? pause * 2 : PauseMax)
        {
            yield return pause;
            waited += pause;
        }
    }
}
