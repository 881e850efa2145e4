using System.Security.Cryptography;
using Sotto.LocalServers;

namespace Sotto.Dev.Testing;

/// <summary>The broker and the database that all test projects of one <c>./dev test</c> share; each fixture makes its own virtual host or database there.</summary>
internal sealed class TestServersForAll : IAsyncDisposable
{
    private readonly ServerGuard _guard = new();
    private readonly List<ServerHandle> _handles = [];

    /// <summary>Starts them and names them in the environment that the test processes get.</summary>
    public async Task StartAsync(Action<string> say, CancellationToken cancellation)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"sotto-test-{Environment.ProcessId}");
        var broker = Servers.StartBrokerAsync($"{folder}-rabbitmq", Durability.Throwaway, cancellation);
        var database = Servers.StartDatabaseAsync($"{folder}-postgres", Durability.Throwaway, say, cancellation);
        await Task.WhenAll(Keep(broker, server => server.Handle), Keep(database, server => server.Handle));

        Environment.SetEnvironmentVariable("SOTTO_TEST_RABBITMQ", (await broker).Amqp.OriginalString);
        Environment.SetEnvironmentVariable("SOTTO_TEST_RABBITMQ_MANAGEMENT", (await broker).Management?.OriginalString);
        Environment.SetEnvironmentVariable("SOTTO_TEST_POSTGRES", (await database).ConnectionString);
        Environment.SetEnvironmentVariable("SOTTO_TEST_RUN", RandomNumberGenerator.GetHexString(8, lowercase: true));
        say($"RabbitMQ and PostgreSQL are ready ({(await broker).Handle.Kind}, {(await database).Handle.Kind}).");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_handles.Select(handle => handle.StopAsync()));
        _guard.Dispose();
    }

    private async Task Keep<T>(Task<T> server, Func<T, ServerHandle> handleOf)
    {
        var handle = handleOf(await server);
        _guard.Watch(handle);
        lock (_handles)
            _handles.Add(handle);
    }
}
