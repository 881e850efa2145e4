using Npgsql;
using Sotto.LocalServers;
using Sotto.LocalServers.Postgres;
using Sotto.LocalServers.RabbitMq;

namespace Sotto.Dev.Running;

/// <summary>A virtual host and a database of a run's own on servers that somebody else runs, so that a throwaway run leaves nothing behind there.</summary>
internal static class DedicatedSpace
{
    /// <summary>A broker address with a virtual host of our own; the address as given, said in a line, where we may not make one.</summary>
    public static async Task<BrokerServer> OnAsync(BrokerServer broker, string run, Action<string> say, CancellationToken cancellation)
    {
        try
        {
            var host = await RabbitMqVirtualHost.CreateAsync(broker.Amqp, broker.Management!, $"sotto-{run}", cancellation);
            return broker with { Amqp = host.Amqp };
        }
        catch (LocalServerException e)
        {
            say($"The virtual host is used as given, because none can be made: {e.Message} ({Servers.ManagementVariable} names the management API.)");
            return broker;
        }
    }

    /// <summary>A connection string to a database of our own; the one given, said in a line, where we may not make one.</summary>
    public static async Task<DatabaseServer> OnAsync(DatabaseServer server, string run, Action<string> say, CancellationToken cancellation)
    {
        try
        {
            var database = await PostgresDatabase.CreateAsync(server.ConnectionString, $"sotto_{run}", cancellation);
            return server with { ConnectionString = database.ConnectionString };
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            say("The database is used as given, because this user may not make one.");
            return server;
        }
    }

    /// <summary>Deletes what <see cref="OnAsync(BrokerServer, string, Action{string}, CancellationToken)"/> and its sister made.</summary>
    public static async Task DeleteAsync(RunState state, Action<string> say)
    {
        if (state is { Broker: { Handle.Kind: "given", Management: { } management } broker, Run: { } run } && broker.Amqp.AbsolutePath == $"/sotto-{run}")
            await TryAsync(() => RabbitMqVirtualHost.DeleteAsync(management, $"sotto-{run}"), "virtual host", say);

        if (state is { Database: { Handle.Kind: "given" } database, Run: { } name }
            && new NpgsqlConnectionStringBuilder(database.ConnectionString) is { } settings && settings.Database == $"sotto_{name}")
        {
            settings.Database = "postgres";
            await TryAsync(() => PostgresDatabase.DropAsync(settings.ConnectionString, $"sotto_{name}"), "database", say);
        }

        await TryAsync(() => ServiceAccounts.RemoveAsync(state), "users", say);
    }

    private static async Task TryAsync(Func<Task> delete, string what, Action<string> say)
    {
        try
        {
            await delete();
        }
        catch (Exception e) when (e is LocalServerException or NpgsqlException)
        {
            say($"This run's own {what} could not be deleted: {e.Message}");
        }
    }
}
