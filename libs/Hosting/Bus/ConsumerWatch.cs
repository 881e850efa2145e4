using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Sotto.Hosting.Bus;

/// <summary>
/// Ends the service when a queue that it consumes from has lost its consumers and does not get them back. Seen once with MassTransit 8.4.0, while the broker was being restarted (decision 0024): an
/// endpoint that goes on waiting at a channel which is no more, and calls itself healthy. Whoever supervises the process starts another, and nothing is lost by it. Among several instances the others
/// consume, and nobody is ended.
/// </summary>
internal sealed class ConsumerWatch : BackgroundService
{
    /// <summary>How often the broker is asked; one question for each queue.</summary>
    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    /// <summary>How long a queue may be without a consumer while the broker answers: several times what a reconnection takes.</summary>
    internal static readonly TimeSpan DesertedMax = TimeSpan.FromSeconds(60);

    private readonly Func<IEnumerable<string>> _queues;
    private readonly Func<string, CancellationToken, Task<bool>> _hasConsumer;
    private readonly PausedQueues _paused;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _clock;
    private readonly ILogger<ConsumerWatch> _logger;

    // Queues that have had a consumer, and since when they are known to have none.
    private readonly Dictionary<string, long?> _desertedSince = new(StringComparer.Ordinal);
    private long _lookedAt;

    public ConsumerWatch(IBusControl bus, Broker broker, PausedQueues paused, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<ConsumerWatch> logger)
        : this(() => QueuesOf(bus), broker.HasConsumerAsync, paused, lifetime, clock, logger)
    {
    }

    internal ConsumerWatch(
        Func<IEnumerable<string>> queues, Func<string, CancellationToken, Task<bool>> hasConsumer, PausedQueues paused, IHostApplicationLifetime lifetime, TimeProvider clock,
        ILogger<ConsumerWatch> logger) =>
        (_queues, _hasConsumer, _paused, _lifetime, _clock, _logger) = (queues, hasConsumer, paused, lifetime, clock, logger);

    /// <summary>True when the service was ended.</summary>
    public bool HasGivenUp { get; private set; }

    /// <summary>Queues that have had a consumer.</summary>
    internal IReadOnlyCollection<string> Watched => _desertedSince.Keys;

    /// <summary>Looks once.</summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        // What happened while this process stood still nobody has seen.
        if (_clock.GetElapsedTime(_lookedAt) > 2 * Period)
            BeginAnew();
        _lookedAt = _clock.GetTimestamp();
        try
        {
            foreach (var queue in _queues().ToList())
            {
                if (_paused.Contains(queue))
                    BeginAnew(queue);
                else if (await _hasConsumer(queue, cancellationToken))
                    _desertedSince[queue] = null;
                else if (_desertedSince.TryGetValue(queue, out var since) && !_paused.Contains(queue))
                    Judge(queue, since);
            }
        }
        // A broker that does not answer says nothing of our consumers.
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            BeginAnew();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, _clock);
        while (!HasGivenUp && await timer.WaitForNextTickAsync(stoppingToken))
            await LookAsync(stoppingToken);
    }

    // The bus has an endpoint of its own besides, which nothing here starts.
    private static IEnumerable<string> QueuesOf(IBusControl bus) =>
        bus.CheckHealth().Endpoints.Values.Select(endpoint => endpoint.InputAddress).Where(address => !address.Query.Contains("temporary", StringComparison.Ordinal)).Select(address => address.AbsolutePath.Split('/')[^1]);

    private void BeginAnew()
    {
        foreach (var queue in _desertedSince.Keys)
            _desertedSince[queue] = null;
    }

    private void BeginAnew(string queue)
    {
        if (_desertedSince.ContainsKey(queue))
            _desertedSince[queue] = null;
    }

    private void Judge(string queue, long? since)
    {
        if (since is null)
        {
            _desertedSince[queue] = _clock.GetTimestamp();
        }
        else if (_clock.GetElapsedTime(since.Value) >= DesertedMax && !HasGivenUp)
        {
            HasGivenUp = true;
            _logger.QueueDeserted(queue, DesertedMax);
            _lifetime.StopApplication();
        }
    }
}
