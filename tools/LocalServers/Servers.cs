using System.Security.Cryptography;
using Npgsql;
using Sotto.LocalServers.Docker;
using Sotto.LocalServers.Postgres;
using Sotto.LocalServers.Processes;
using Sotto.LocalServers.RabbitMq;

namespace Sotto.LocalServers;

/// <summary>A broker to use, and how to stop it if it is ours.</summary>
/// <param name="Amqp">Where services connect, user and password included.</param>
/// <param name="Management">The management API, user and password included; null when nobody named it.</param>
/// <param name="Handle">How to stop it.</param>
public sealed record BrokerServer(Uri Amqp, Uri? Management, ServerHandle Handle);

/// <summary>A database server to use, and how to stop it if it is ours.</summary>
/// <param name="ConnectionString">A database on it, in Npgsql's form, password included.</param>
/// <param name="Handle">How to stop it.</param>
public sealed record DatabaseServer(string ConnectionString, ServerHandle Handle);

/// <summary>Chooses between the ways to a server: named by a connection string, private processes, a container.</summary>
public static class Servers
{
    /// <summary>Names a broker to use: <c>amqp://user:password@host:port/vhost</c>.</summary>
    public const string RabbitMqVariable = "SOTTO_RABBITMQ";

    /// <summary>Names the management API of that broker; by default port 15672 of the same host, same user.</summary>
    public const string ManagementVariable = "SOTTO_RABBITMQ_MANAGEMENT";

    /// <summary>Names a database to use, in Npgsql's form.</summary>
    public const string PostgresVariable = "SOTTO_POSTGRES";

    /// <summary><c>private</c> or <c>docker</c>; by default what is installed, then what answers.</summary>
    public const string KindVariable = "SOTTO_SERVERS";

    // Containers on a cold machine; the images are here by now.
    private static readonly TimeSpan ContainerPatience = TimeSpan.FromSeconds(120);
    private const int ManagementPort = 15_672;

    /// <summary>Finds or starts a broker; throws with the reason when neither can be done.</summary>
    public static async Task<BrokerServer> StartBrokerAsync(string folder, Durability durability, CancellationToken cancellation)
    {
        if (Variable(RabbitMqVariable) is { } given)
            return GivenBroker(new Uri(given));

        if (await UseDockerAsync(PrivateRabbitMq.IsInstalled, cancellation))
            return await StartBrokerContainerAsync(cancellation);

        var node = await PrivateRabbitMq.StartAsync(folder, durability, cancellation);
        return new BrokerServer(node.Amqp, node.Management, node.Handle);
    }

    /// <summary>Finds or starts a database server; throws with the reason when neither can be done.</summary>
    public static async Task<DatabaseServer> StartDatabaseAsync(string folder, Durability durability, Action<string> say, CancellationToken cancellation)
    {
        if (Variable(PostgresVariable) is { } given)
            return new DatabaseServer(given, ServerHandle.Given);

        if (await UseDockerAsync(PrivatePostgres.IsInstalled, cancellation))
            return await StartDatabaseContainerAsync(durability, cancellation);

        var server = await PrivatePostgres.StartAsync(folder, durability, say, cancellation);
        return new DatabaseServer(server.ConnectionString, server.Handle);
    }

    /// <summary>A broker that somebody else runs.</summary>
    public static BrokerServer GivenBroker(Uri amqp)
    {
        var management = Variable(ManagementVariable) is { } named
            ? new Uri(named)
            : new UriBuilder("http", amqp.Host, ManagementPort) { UserName = amqp.UserInfo.Split(':')[0], Password = amqp.UserInfo.Split(':').ElementAtOrDefault(1) ?? "" }.Uri;
        return new BrokerServer(amqp, management, ServerHandle.Given);
    }

    /// <summary>The variable's value; null when it is absent or empty.</summary>
    public static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static async Task<bool> UseDockerAsync(bool installed, CancellationToken cancellation) => Variable(KindVariable) switch
    {
        "docker" => true,
        "private" => false,
        null => !installed && await DockerEngine.AnswersAsync(cancellation),
        _ => throw new LocalServerException($"{KindVariable} is 'private' or 'docker'."),
    };

    private static async Task<BrokerServer> StartBrokerContainerAsync(CancellationToken cancellation)
    {
        var password = NewPassword();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["RABBITMQ_DEFAULT_USER"] = PrivateRabbitMq.User,
            ["RABBITMQ_DEFAULT_PASS"] = password,
        };
        var container = await DockerEngine.RunAsync("rabbitmq", "rabbitmq:3-management", [5672, ManagementPort], environment, [], cancellation);
        return await ReadyAsync(container, async () =>
        {
            var amqp = await DockerEngine.PortAsync(container, 5672, cancellation);
            var management = await DockerEngine.PortAsync(container, ManagementPort, cancellation);
            return new BrokerServer(
                new Uri($"amqp://{PrivateRabbitMq.User}:{password}@127.0.0.1:{amqp}/"),
                new Uri($"http://{PrivateRabbitMq.User}:{password}@127.0.0.1:{management}/"),
                new ServerHandle { Kind = "docker", Container = container });
        }, broker => AmqpProbe.AnswersAsync(broker.Amqp.Port), cancellation);
    }

    private static async Task<DatabaseServer> StartDatabaseContainerAsync(Durability durability, CancellationToken cancellation)
    {
        var password = NewPassword();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["POSTGRES_USER"] = "sotto", ["POSTGRES_PASSWORD"] = password };
        string[] settings = ["-c", "max_connections=400", .. (string[])(durability == Durability.Throwaway ? ["-c", "fsync=off", "-c", "synchronous_commit=off"] : [])];
        var container = await DockerEngine.RunAsync("postgres", "postgres:15", [5432], environment, settings, cancellation);
        return await ReadyAsync(container, async () =>
        {
            var port = await DockerEngine.PortAsync(container, 5432, cancellation);
            var connection = new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = port, Username = "sotto", Password = password, Database = "postgres" };
            return new DatabaseServer(connection.ConnectionString, new ServerHandle { Kind = "docker", Container = container });
        }, database => PostgresDatabase.AcceptsAsync(database.ConnectionString), cancellation);
    }

    private static async Task<T> ReadyAsync<T>(string container, Func<Task<T>> locate, Func<T, Task<bool>> ready, CancellationToken cancellation)
    {
        try
        {
            var server = await locate();
            if (await Polling.UntilAsync(() => ready(server), ContainerPatience, cancellation))
                return server;

            var log = await DockerEngine.LogTailAsync(container, cancellation);
            throw new LocalServerException($"The container {container} was not ready after {ContainerPatience.TotalSeconds:0} s. {log}");
        }
        catch
        {
            await DockerEngine.RemoveAsync(container, CancellationToken.None);
            throw;
        }
    }

    private static string NewPassword() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
