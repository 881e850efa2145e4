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

    /// <summary>How many were not sent because they had expired.</summary>
    public int Expired { get; private set; }

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
    public async Task SendAsync(IReadOnlyList<Letter> letters, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow();
        foreach (var group in letters.GroupBy(letter => letter.Push.Provider, StringComparer.Ordinal))
        {
            var alive = group.Where(letter => letter.Push.ExpiresAt > now).Select(letter => letter.Push with { Attempt = 0, FirstAttemptAt = null, SuspectedAt = null, PastAttempts = null }).ToArray();
            Expired += group.Count() - alive.Length;
            if (alive.Length == 0)
                continue;
            if (_declared.Add(group.Key))
                await _broker.WithChannelAsync(channel => BusTopology.DeclarePushQueueAsync(channel, group.Key, cancellationToken), cancellationToken);
            await SendAsync(Provider.PushQueue(group.Key), new Frame<EncryptedPush> { Items = alive }, cancellationToken);
        }
    }

    /// <summary>Says that the tokens of these letters are dead after all, since the instant at which the provider said so.</summary>
    public async Task RetireAsync(IReadOnlyList<Letter> letters, CancellationToken cancellationToken)
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
