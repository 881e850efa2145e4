using System.CommandLine;
using DeadLetterKeeper.Storage;
using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Cli.DeadLetters;

/// <summary>The way back into the providers' queues, and to the SubscriptionApi.</summary>
internal sealed class PushLine : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(30);

    private readonly IBusControl _bus;
    private readonly Broker _broker;
    private readonly HashSet<string> _declared = new(StringComparer.Ordinal);

    private PushLine(IBusControl bus, Broker broker) => (_bus, _broker) = (bus, broker);

    public static async Task<PushLine> OpenAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var address = Servers.Broker(arguments);
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(address, host => host.ConnectionName("sotto"));
            rabbit.DeployPublishTopology = false;
        });
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        starting.CancelAfter(StartTimeout);
        try
        {
            await bus.StartAsync(starting.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OperatorException("The broker does not answer.");
        }

        return new PushLine(bus, new Broker(address, "sotto"));
    }

    /// <summary>Completes when the broker has confirmed all. Each begins anew: its attempts count from none, and its device is not suspected.</summary>
    /// <returns>Those that were sent; the others had expired.</returns>
    public async Task<IReadOnlyCollection<Letter>> SendAsync(IReadOnlyList<Letter> letters, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow();
        var alive = letters.Where(letter => letter.Push.ExpiresAt > now).ToList();
        foreach (var group in alive.GroupBy(letter => letter.Push.Provider, StringComparer.Ordinal))
        {
            var pushes = group.Select(letter => letter.Push with { Attempt = 0, FirstAttemptAt = null, SuspectedAt = null, PastAttempts = null }).ToArray();
            if (_declared.Add(group.Key))
                await _broker.WithChannelAsync(channel => BusTopology.DeclarePushQueueAsync(channel, group.Key, cancellationToken), cancellationToken);
            await SendAsync(Provider.PushQueue(group.Key), new Frame<EncryptedPush> { Items = pushes }, cancellationToken);
        }

        return alive;
    }

    /// <summary>Says that the tokens of these letters are dead after all, since the instant at which the provider said so.</summary>
    /// <returns>All of them.</returns>
    public async Task<IReadOnlyCollection<Letter>> RetireAsync(IReadOnlyList<Letter> letters, CancellationToken cancellationToken)
    {
        var dead = letters.Select(letter => new DeviceTokenInvalidated
        {
            Provider = letter.Push.Provider,
            DeviceId = letter.Push.DeviceId,
            InvalidSince = letter.DeadLetteredAt,
            Reason = "retired by an operator",
        }).ToArray();
        await _broker.WithChannelAsync(channel => BusTopology.DeclareAsync(channel, cancellationToken), cancellationToken);
        await SendAsync(BusTopology.DeviceTokenInvalidated, new Frame<DeviceTokenInvalidated> { Items = dead }, cancellationToken);
        return letters;
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await _bus.StopAsync(CancellationToken.None);
    }

    private async Task SendAsync<T>(string exchange, Frame<T> frame, CancellationToken cancellationToken)
        where T : class
    {
        using var confirming = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        confirming.CancelAfter(ConfirmTimeout);
        var endpoint = await _bus.GetSendEndpoint(new Uri($"exchange:{exchange}"));
        try
        {
            await endpoint.Send(frame, confirming.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OperatorException("The broker did not confirm in time. What it confirmed before is settled; run this again for the rest.");
        }
    }
}
