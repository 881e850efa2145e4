using Npgsql;
using Sotto.LocalServers;
using Sotto.LocalServers.Postgres;
using Sotto.LocalServers.Processes;
using Sotto.LocalServers.RabbitMq;

namespace EndToEnd.Tests.LocalServers;

/// <summary>The private broker and database: real ones, whose data survives a power cut when it is to, and of which nothing is left when it is not.</summary>
public sealed class PrivateServerTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("sotto-servers-").FullName;
        // Temporary folders are closed to everybody else, and PostgreSQL runs as somebody else where we are root.
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
    }

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task A_broker_that_lost_its_power_comes_back_at_its_address_with_what_it_held()
    {
        var node = await PrivateRabbitMq.StartAsync(At("rabbitmq"), Durability.Durable);
        await RabbitMqVirtualHost.CreateAsync(node.Amqp, node.Management, "kept");
        await node.KillAsync();

        await using var again = await PrivateRabbitMq.StartAsync(At("rabbitmq"), Durability.Durable);

        Assert.That(again.Amqp, Is.EqualTo(node.Amqp));
        await using var connection = await new RabbitMQ.Client.ConnectionFactory { Uri = new UriBuilder(again.Amqp) { Path = "kept" }.Uri }.CreateConnectionAsync();
        Assert.That(connection.IsOpen, Is.True);
    }

    [Test]
    public async Task A_database_that_lost_its_power_comes_back_at_its_address_with_what_it_held()
    {
        var server = await PrivatePostgres.StartAsync(At("postgres"), Durability.Durable);
        await PostgresDatabase.CreateAsync(server.ConnectionString, "kept");
        await server.KillAsync();

        await using var again = await PrivatePostgres.StartAsync(At("postgres"), Durability.Durable);

        Assert.That(again.ConnectionString, Is.EqualTo(server.ConnectionString));
        Assert.That(async () => await PostgresDatabase.CreateAsync(again.ConnectionString, "kept"), Throws.InstanceOf<PostgresException>().With.Property("SqlState").EqualTo("42P04"));
    }

    [Test]
    public async Task Nothing_is_left_of_throwaway_servers()
    {
        var node = await PrivateRabbitMq.StartAsync(At("rabbitmq"));
        var server = await PrivatePostgres.StartAsync(At("postgres"));
        var processes = node.Handle.Processes.Concat(server.Handle.Processes).Select(process => process.Identity).ToList();
        Assert.That(processes.TrueForAll(process => process.IsAlive), Is.True);

        await node.DisposeAsync();
        await server.DisposeAsync();

        Assert.That(processes.TrueForAll(process => !process.IsAlive), Is.True);
        Assert.That(Directory.EnumerateFileSystemEntries(_folder), Is.Empty);
        Assert.That(await TcpProbe.AcceptsAsync(node.Amqp.Port), Is.False);
    }

    [Test]
    public async Task A_database_runs_as_an_ordinary_user_where_we_are_root()
    {
        await using var server = await PrivatePostgres.StartAsync(At("postgres"));

        var users = File.ReadLines($"/proc/{server.ProcessId}/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal));

        Assert.That(users.Split('\t')[2], Is.Not.EqualTo("0"));
    }

    [Test]
    public async Task A_folder_that_the_ordinary_user_cannot_enter_is_replaced_and_that_is_said()
    {
        OwnerOnlyFile.MakeFolder(At("closed"));
        List<string> said = [];

        await using var server = await PrivatePostgres.StartAsync(At("closed/postgres"), say: said.Add);

        // Only root needs another user, and so another folder.
        Assert.That(said, OrdinaryUser.WeAreRoot ? Has.Count.EqualTo(1).And.All.Contains("/var/tmp/") : Is.Empty);
    }

    [Test]
    public void A_database_in_a_folder_of_an_unknown_version_is_refused_with_a_sentence()
    {
        Directory.CreateDirectory(At("postgres/data"));
        File.WriteAllText(At("postgres/data/PG_VERSION"), "9.1\n");

        Assert.That(async () => await PrivatePostgres.StartAsync(At("postgres")), Throws.InstanceOf<LocalServerException>().With.Message.Contains("9.1"));
    }

    private string At(string name) => Path.Combine(_folder, name);
}
