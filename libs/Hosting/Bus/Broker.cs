using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Sotto.Hosting.Bus;

/// <summary>A plain connection to the broker beside the bus, for what the bus does not say: declaring queues and asking whether one exists.</summary>
/// <remarks>Thread-safe. Opened at first use and reopened when it breaks.</remarks>
/// <param name="address">See <see cref="Settings.ServerSettings.RabbitMq"/>.</param>
/// <param name="clientName">How the connection is named in the broker's own tools.</param>
public sealed class Broker(Uri address, string clientName) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1, 1);
    private IConnection? _connection;

    /// <summary>Runs <paramref name="work"/> on a channel of its own.</summary>
    public async Task WithChannelAsync(Func<IChannel, Task> work, CancellationToken cancellationToken)
    {
        var connection = await ConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await work(channel);
    }

    /// <summary>True when the queue exists now; it is not created.</summary>
    public async Task<bool> QueueExistsAsync(string queue, CancellationToken cancellationToken)
    {
        try
        {
            await WithChannelAsync(channel => channel.QueueDeclarePassiveAsync(queue, cancellationToken), cancellationToken);
            return true;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return false;
        }
    }

    /// <summary>True when the queue exists now and somebody consumes from it; it is not created.</summary>
    public async Task<bool> HasConsumerAsync(string queue, CancellationToken cancellationToken)
    {
        try
        {
            uint consumers = 0;
            await WithChannelAsync(
                async channel => consumers = (await channel.QueueDeclarePassiveAsync(queue, cancellationToken)).ConsumerCount, cancellationToken);
            return consumers > 0;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return false;
        }
        // A queue that only its owner may look at goes when its owner does.
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.ResourceLocked)
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync();
        _opening.Dispose();
    }

    private async Task<IConnection> ConnectionAsync(CancellationToken cancellationToken)
    {
        if (_connection is { IsOpen: true } open)
            return open;
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_connection is { IsOpen: true } opened)
                return opened;
            if (_connection is not null)
                await _connection.DisposeAsync();
            var factory = new ConnectionFactory { Uri = address, ClientProvidedName = clientName, AutomaticRecoveryEnabled = false };
            return _connection = await factory.CreateConnectionAsync(cancellationToken);
        }
        finally
        {
            _opening.Release();
        }
    }
}
