using Npgsql;
using Sotto.Hosting;

namespace SwarmListener.Storage;

/// <summary>Hears from the database which subscriptions changed, whichever instance stored them.</summary>
/// <remarks>While it is not listening changes pass unheard, so each time it begins to listen everything is read again.</remarks>
internal sealed class ChangeFeed([FromKeyedServices(ServiceHost.OwnSessions)] NpgsqlDataSource database, AccountKeeper keeper, TimeProvider clock, ILogger<ChangeFeed> logger)
{
    // A connection that has been silent this long is asked whether it lives.
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when it first listens: what is loaded after that misses nothing.</summary>
    public Task Listening => _listening.Task;

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await ListenAsync(cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                logger.ChangeFeedLost(e.GetType().Name);
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, notice) => Hear(notice.Payload);
        await ExecuteAsync(connection, $"LISTEN {SubscriptionStore.Channel}", cancellationToken);
        keeper.ReadAllAgain();
        _listening.TrySetResult();
        while (true)
        {
            if (!await connection.WaitAsync(SilenceMax, cancellationToken))
                await ExecuteAsync(connection, "SELECT 1", cancellationToken);
        }
    }

    private void Hear(string payload)
    {
        var changes = new List<(byte Bucket, Guid Id)>();
        if (ChangedIds.TryParse(payload, changes))
            keeper.Changed(changes);
        else
            keeper.ReadAllAgain();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
