using Npgsql;
using Sotto.Access;
using Sotto.LocalServers;

namespace Sotto.Dev.Running;

/// <summary>Users of a run's own for its services, each with no more rights than its service needs.</summary>
internal static class ServiceAccounts
{
    private const string Prefix = "sotto";

    /// <summary>
    /// Makes them on servers that are ours, and in a virtual host and a database that this run made for itself; empty, said in a line, where we may not. Then all
    /// services use what they were given.
    /// </summary>
    public static async Task<IReadOnlyDictionary<string, ServiceCredentials>> MakeAsync(RunState state, Action<string> say, CancellationToken cancellation)
    {
        if (!IsOurs(state))
            return new Dictionary<string, ServiceCredentials>(StringComparer.Ordinal);

        var all = For(state);
        try
        {
            await BrokerUsers.ApplyAsync(state.Broker!.Amqp, state.Broker.Management!, all, cancellation);
            await DatabaseRoles.ApplyAsync(state.Database!.ConnectionString, all, cancellation);
            return all.ToDictionary(one => one.Access.Service, StringComparer.Ordinal);
        }
        catch (Exception e) when (e is LocalServerException or PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege })
        {
            say($"All services use one user, because none can be made for each: {e.Message}");
            return new Dictionary<string, ServiceCredentials>(StringComparer.Ordinal);
        }
    }

    /// <summary>Removes them from servers that are not ours, when the virtual host and the database are gone.</summary>
    public static async Task RemoveAsync(RunState state)
    {
        if (!IsOurs(state) || state.Run is null)
            return;

        if (state.Broker is { Handle.Kind: "given" } broker)
            await BrokerUsers.RemoveAsync(broker.Management!, For(state), CancellationToken.None);
        if (state.Database is { Handle.Kind: "given" } database)
            await DatabaseRoles.RemoveAsync(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = "postgres" }.ConnectionString, For(state), CancellationToken.None);
    }

    private static bool IsOurs(RunState state) =>
        state is { Broker: { Management: not null } broker, Database: { } database }
        && (broker.Handle.Kind != "given" || broker.Amqp.AbsolutePath == $"/{Prefix}-{state.Run}")
        && (database.Handle.Kind != "given" || new NpgsqlConnectionStringBuilder(database.ConnectionString).Database == $"{Prefix}_{state.Run}");

    private static List<ServiceCredentials> For(RunState state) =>
        [.. ServiceAccess.All.Concat(NewSenders()).Select(access => ServiceCredentials.Make(access, state.Run is { } run ? $"{Prefix}-{run}" : Prefix))];

    // What docs/adding-a-provider.md begins has no line in that table yet.
    private static IEnumerable<ServiceAccess> NewSenders() => SenderManifest.All
        .Where(sender => ServiceAccess.All.All(access => access.Service != sender.Service))
        .Select(sender => ServiceAccess.Sender(sender.Service, sender.Providers));
}
