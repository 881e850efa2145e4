using System.Globalization;
using Sotto.LocalServers;
using Sotto.LocalServers.Postgres;
using Sotto.LocalServers.RabbitMq;

namespace Sotto.TestSupport;

/// <summary>A real broker and a real database for tests: each is started when first asked for, once per test process, and stopped when the process ends, however it ends.</summary>
/// <remarks>
/// <c>./dev test</c> starts them once for all test projects and names them in <c>SOTTO_TEST_RABBITMQ</c>, <c>SOTTO_TEST_RABBITMQ_MANAGEMENT</c> and <c>SOTTO_TEST_POSTGRES</c>.
/// Thread-safe. No test is left out because a server is missing: then it fails, with a sentence that says what to install.
/// </remarks>
public static class TestServers
{
    private static readonly string Run = Environment.GetEnvironmentVariable("SOTTO_TEST_RUN") ?? "own";
    private static readonly ServerGuard Guard = new();
    private static readonly Lazy<Task<(Uri Amqp, Uri Management)>> Broker = new(StartBrokerAsync);
    private static readonly Lazy<Task<string>> Database = new(StartDatabaseAsync);
    private static int _made;

    /// <summary>A virtual host that no other fixture sees, as <c>amqp://user:password@host:port/name</c>.</summary>
    public static async Task<Uri> CreateVirtualHostAsync() => (await CreateBrokerAsync()).Amqp;

    /// <summary>As <see cref="CreateVirtualHostAsync"/>, with the management API and the virtual host's name, for tests that look into queues.</summary>
    public static async Task<TestBroker> CreateBrokerAsync()
    {
        var (amqp, management) = await Broker.Value;
        var host = await RabbitMqVirtualHost.CreateAsync(amqp, management, $"sotto-test-{Next('-')}");
        return new TestBroker(host.Amqp, management, host.Name);
    }

    /// <summary>An empty database that no other fixture sees, as an Npgsql connection string.</summary>
    public static async Task<string> CreateDatabaseAsync()
    {
        var database = await PostgresDatabase.CreateAsync(await Database.Value, $"sotto_test_{Next('_')}");
        return database.ConnectionString;
    }

    private static string Folder(string server) => Path.Combine(Path.GetTempPath(), $"sotto-test-{server}-{Environment.ProcessId}");

    private static string Next(char separator) =>
        string.Join(separator, Run, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), Interlocked.Increment(ref _made).ToString(CultureInfo.InvariantCulture));

    private static async Task<(Uri Amqp, Uri Management)> StartBrokerAsync()
    {
        if (Environment.GetEnvironmentVariable("SOTTO_TEST_RABBITMQ") is { Length: > 0 } amqp
            && Environment.GetEnvironmentVariable("SOTTO_TEST_RABBITMQ_MANAGEMENT") is { Length: > 0 } management)
        {
            return (new Uri(amqp), new Uri(management));
        }

        var node = await PrivateRabbitMq.StartAsync(Folder("rabbitmq"));
        Guard.Watch(node.Handle);
        return (node.Amqp, node.Management);
    }

    private static async Task<string> StartDatabaseAsync()
    {
        if (Environment.GetEnvironmentVariable("SOTTO_TEST_POSTGRES") is { Length: > 0 } given)
            return given;

        var server = await PrivatePostgres.StartAsync(Folder("postgres"));
        Guard.Watch(server.Handle);
        return server.ConnectionString;
    }
}

/// <summary>One fixture's virtual host.</summary>
/// <param name="Amqp">Where to connect.</param>
/// <param name="Management">The broker's management API, user and password included.</param>
/// <param name="VirtualHost">The virtual host's name in that API.</param>
public sealed record TestBroker(Uri Amqp, Uri Management, string VirtualHost);
