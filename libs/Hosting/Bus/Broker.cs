using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Sotto.Hosting.Bus;

/// <summary>
/// Our own connections to the broker beside the bus: one to publish on, one for what the bus does not say: declaring queues and asking whether one exists.
/// </summary>
/// <remarks>
/// Publishing has a connection of its own because a broker that runs short of memory stops reading from connections that publish; the acknowledgements that would
/// relieve it travel on the bus's. Thread-safe. Each connection is opened at first use and reopened when it breaks.
/// </remarks>
public sealed class Broker : IAsyncDisposable
{
    /// <summary>How often a silent peer is asked for a sign of life; a connection is given up after two without answer.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private readonly BusDeclaration _topology;
    private readonly Line _asking;
    private readonly Line _publishing;

    /// <summary>Connects to nothing yet.</summary>
    /// <param name="address">See <see cref="Settings.ServerSettings.RabbitMq"/>.</param>
    /// <param name="clientName">How the connections are named in the broker's own tools.</param>
    /// <param name="topology">Whether the user of <paramref name="address"/> may declare what services share.</param>
    public Broker(Uri address, string clientName, BusDeclaration topology = BusDeclaration.Own)
    {
        _topology = topology;
        _asking = new Line(address, $"{clientName} topology");
        _publishing = new Line(address, $"{clientName} publisher");
    }

    /// <summary>How frames are written on it.</summary>
    public FrameFormat FrameFormat { get; init; }

    /// <summary>Runs <paramref name="work"/> on a channel of its own.</summary>
    public async Task WithChannelAsync(Func<IChannel, Task> work, CancellationToken cancellationToken)
    {
        await using var channel = await _asking.OpenChannelAsync(options: null, cancellationToken);
        await work(channel);
    }

    /// <summary>Declares all of <see cref="BusTopology"/> that does not depend on a provider; looks only whether it is there where that is somebody else's to do.</summary>
    /// <exception cref="OperationInterruptedException">Something is not there, or its arguments are others; the channel has ended.</exception>
    public Task DeclareTopologyAsync(IChannel channel, CancellationToken cancellationToken) => _topology == BusDeclaration.Own
        ? BusTopology.DeclareAsync(channel, cancellationToken)
        : BusTopology.LookAsync(channel, cancellationToken);

    /// <summary>Declares the queue where the pushes of one provider wait, or looks only whether it is there.</summary>
    /// <exception cref="OperationInterruptedException">As with <see cref="DeclareTopologyAsync"/>.</exception>
    public Task DeclarePushQueueAsync(IChannel channel, string provider, CancellationToken cancellationToken) => _topology == BusDeclaration.Own
        ? BusTopology.DeclarePushQueueAsync(channel, provider, cancellationToken)
        : channel.ExchangeDeclarePassiveAsync(Contracts.Provider.PushQueue(provider), cancellationToken);
    /// <summary>Puts one message into a queue, byte by byte as it is, and completes when the broker has confirmed it. For what an operator puts back.</summary>
    /// <exception cref="PublishException">There is no such queue, or it refused.</exception>
    public async Task PutBackAsync(string queue, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        await using var channel = await OpenPublishingChannelAsync(cancellationToken);
        await channel.BasicPublishAsync(exchange: "", queue, mandatory: true, properties, body, cancellationToken);
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
        await _asking.DisposeAsync();
        await _publishing.DisposeAsync();
    }

    internal Task<IChannel> OpenPublishingChannelAsync(CancellationToken cancellationToken) =>
        _publishing.OpenChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);

    private sealed class Line(Uri address, string name) : IAsyncDisposable
    {
        private readonly SemaphoreSlim _opening = new(1, 1);
        private IConnection? _connection;

        public async Task<IChannel> OpenChannelAsync(CreateChannelOptions? options, CancellationToken cancellationToken)
        {
            var connection = await ConnectAsync(cancellationToken);
            return await connection.CreateChannelAsync(options, cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            if (_connection is not null)
                await _connection.DisposeAsync();
            _opening.Dispose();
        }

        private async Task<IConnection> ConnectAsync(CancellationToken cancellationToken)
        {
            if (_connection is { IsOpen: true } open)
                return open;
            await _opening.WaitAsync(cancellationToken);
            try
            {
                if (_connection is { IsOpen: true } opened)
                    return opened;
                var ended = _connection;
                _connection = null;
                if (ended is not null)
                    await ended.DisposeAsync();
                var factory = new ConnectionFactory
                {
                    Uri = address,
                    ClientProvidedName = name,
                    AutomaticRecoveryEnabled = false,
                    RequestedHeartbeat = Heartbeat,
                    RequestedConnectionTimeout = ConnectTimeout,
                };
                return _connection = await factory.CreateConnectionAsync(cancellationToken);
            }
            finally
            {
                _opening.Release();
            }
        }
    }
}
