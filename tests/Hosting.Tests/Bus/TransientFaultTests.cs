using System.Net.Sockets;
using MassTransit;
using Npgsql;
using RabbitMQ.Client.Exceptions;
using Sotto.Hosting.Bus;

namespace Hosting.Tests.Bus;

public sealed class TransientFaultTests
{
    private static IEnumerable<Exception> Transient =>
    [
        new NpgsqlException("away", new SocketException((int)SocketError.ConnectionRefused)),
        new NpgsqlException("slow", new TimeoutException()),
        Postgres(PostgresErrorCodes.DeadlockDetected),
        Postgres(PostgresErrorCodes.SerializationFailure),
        Postgres(PostgresErrorCodes.AdminShutdown),
        Postgres(PostgresErrorCodes.CannotConnectNow),
        Postgres(PostgresErrorCodes.TooManyConnections),
        Postgres("25P03"),
        new RabbitMqConnectionException("gone"),
        new BrokerUnreachableException(new SocketException()),
        new MessageNotAcknowledgedException(new Uri("exchange:full"), "nack"),
        new TimeoutException(),
        new InvalidOperationException("outer", new TimeoutException()),
    ];

    private static IEnumerable<Exception> Lasting =>
    [
        Postgres(PostgresErrorCodes.UniqueViolation),
        Postgres(PostgresErrorCodes.UndefinedTable),
        Postgres(PostgresErrorCodes.InsufficientPrivilege),
        new InvalidOperationException(),
        new NullReferenceException(),
        new OperationCanceledException(),
        new FormatException(),
    ];

    [TestCaseSource(nameof(Transient))]
    public void What_mends_itself_is_tried_again(Exception fault) => Assert.That(TransientRetry.IsTransient(fault), Is.True);

    [TestCaseSource(nameof(Lasting))]
    public void What_does_not_mend_itself_is_left_to_the_broker(Exception fault) => Assert.That(TransientRetry.IsTransient(fault), Is.False);

    private static PostgresException Postgres(string state) => new("text", "ERROR", "ERROR", state);
}
