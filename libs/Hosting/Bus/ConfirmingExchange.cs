using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Sotto.Hosting.Bus;

/// <summary>One exchange, and the channel on which messages for it are published and confirmed. The channel is opened again when it has ended.</summary>
/// <remarks>
/// A confirm is waited for however long it takes, or until the channel ends. Patience needs no time-out: a dead peer is found by heartbeats and ends the
/// channel; a living one that holds publishers back (it is short of memory or disk) has the message already, and would find a copy of it for each time we lost
/// patience. Thread-safe.
/// </remarks>
internal sealed class ConfirmingExchange(Broker broker, string exchange, bool mandatory, Func<IChannel, CancellationToken, Task> declare) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1, 1);
    private volatile Line? _line;
    private volatile bool _declared;

    /// <summary>Completes when the broker has confirmed the message.</summary>
    /// <exception cref="PublishException">The broker refused or returned it.</exception>
    /// <exception cref="AlreadyClosedException">The channel ended first; the broker may have taken it or not.</exception>
    public async Task PublishAsync(BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        try
        {
            var line = await OpenAsync(cancellationToken);
            await line.PublishAsync(exchange, mandatory, properties, body, cancellationToken);
        }
        catch
        {
            // The exchange, or the queue behind it, may be what is missing.
            _declared = false;
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_line is not null)
            await _line.DisposeAsync();
        _opening.Dispose();
    }

    private async Task<Line> OpenAsync(CancellationToken cancellationToken)
    {
        if (_declared && _line is { IsOpen: true } open)
            return open;
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (!_declared)
                await broker.WithChannelAsync(channel => declare(channel, cancellationToken), cancellationToken);
            _declared = true;
            if (_line is { IsOpen: true } opened)
                return opened;
            var ended = _line;
            _line = null;
            if (ended is not null)
                await ended.DisposeAsync();
            return _line = new Line(await broker.OpenPublishingChannelAsync(cancellationToken));
        }
        finally
        {
            _opening.Release();
        }
    }

    private sealed class Line : IAsyncDisposable
    {
        // A broker that holds publishers back does not read that they go, either.
        private static readonly TimeSpan FarewellMax = TimeSpan.FromSeconds(1);

        private readonly IChannel _channel;
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Line(IChannel channel)
        {
            _channel = channel;
            _channel.ChannelShutdownAsync += (_, _) =>
            {
                _ended.TrySetResult();
                return Task.CompletedTask;
            };
            // It may have ended before anybody listened.
            if (!_channel.IsOpen)
                _ended.TrySetResult();
        }

        public bool IsOpen => _channel.IsOpen;

        public async Task PublishAsync(string exchange, bool mandatory, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
        {
            var confirmed = _channel.BasicPublishAsync(exchange, routingKey: "", mandatory, properties, body, cancellationToken).AsTask();
            CrashPoint.Pass("publisher.before-confirm");
            // The client does not end every publish that the channel's end has overtaken.
            if (await Task.WhenAny(confirmed, _ended.Task) == confirmed)
            {
                await confirmed;
                return;
            }

            _ = confirmed.ContinueWith(late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw new AlreadyClosedException(_channel.CloseReason ?? new ShutdownEventArgs(ShutdownInitiator.Library, Constants.ConnectionForced, "The channel ended"));
        }

        public async ValueTask DisposeAsync()
        {
            try
            {
                await _channel.DisposeAsync().AsTask().WaitAsync(FarewellMax, TimeProvider.System);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // It was broken already; there is nothing to save.
            }
        }
    }
}
