using System.Reflection;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sotto.Storage;
using Sotto.TestSupport;

namespace Hosting.Tests.Storage;

public sealed class MigrationsTests
{
    private const string Schema = "some_service";
    private NpgsqlDataSource _database = null!;

    [SetUp]
    public async Task SetUp() => _database = NpgsqlDataSource.Create(await TestServers.CreateDatabaseAsync());

    [TearDown]
    public async Task TearDown() => await _database.DisposeAsync();

    [Test]
    public async Task Each_script_runs_once_and_in_the_order_of_its_number()
    {
        var scripts = new Scripts(("0002-second", "INSERT INTO steps VALUES (2)"), ("0001-first", "CREATE TABLE steps (n int); INSERT INTO steps VALUES (1)"));

        await RunAsync(scripts);
        await RunAsync(scripts);

        Assert.That(await StepsAsync(), Is.EqualTo([1, 2]));
    }

    [Test]
    public async Task Instances_that_start_at_once_share_the_work()
    {
        var scripts = new Scripts(("0001-first", "CREATE TABLE steps (n int); SELECT pg_sleep(0.2); INSERT INTO steps VALUES (1)"), ("0002-second", "INSERT INTO steps VALUES (2)"));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => RunAsync(scripts)));

        Assert.That(await StepsAsync(), Is.EqualTo([1, 2]));
    }

    [Test]
    public async Task A_script_that_fails_leaves_the_schema_at_the_last_good_number()
    {
        const string First = "CREATE TABLE steps (n int); INSERT INTO steps VALUES (1)";
        var broken = new Scripts(("0001-first", First), ("0002-second", "INSERT INTO steps VALUES (2); INSERT INTO nowhere VALUES (2)"), ("0003-third", "INSERT INTO steps VALUES (3)"));
        Assert.That(async () => await RunAsync(broken), Throws.InstanceOf<PostgresException>());
        Assert.That(await StepsAsync(), Is.EqualTo([1]));

        await RunAsync(new Scripts(("0001-first", First), ("0002-second", "INSERT INTO steps VALUES (2)"), ("0003-third", "INSERT INTO steps VALUES (3)")));

        Assert.That(await StepsAsync(), Is.EqualTo([1, 2, 3]));
    }

    [Test]
    public async Task A_script_that_comes_too_late_is_refused_and_named()
    {
        await RunAsync(new Scripts(("0001-first", "CREATE TABLE steps (n int)"), ("0003-third", "INSERT INTO steps VALUES (3)")));

        Assert.That(
            async () => await RunAsync(new Scripts(("0002-second", "INSERT INTO steps VALUES (2)"))),
            Throws.InvalidOperationException.With.Message.Contains("0002-second"));
        Assert.That(await StepsAsync(), Is.EqualTo([3]));
    }

    [Test]
    public async Task A_role_that_may_not_create_schemas_can_use_the_one_it_was_given()
    {
        var role = $"least_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'x'; CREATE SCHEMA {Schema} AUTHORIZATION {role}");
        var settings = new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Username = role, Password = "x" };
        await using var least = NpgsqlDataSource.Create(settings);

        await Migrations.RunAsync(least, Schema, new Scripts(("0001-first", "CREATE TABLE steps (n int)")), NullLogger.Instance, CancellationToken.None);

        Assert.That(await StepsAsync(), Is.Empty);
    }

    [Test]
    public async Task Whoever_waits_can_give_up()
    {
        await using var holder = await _database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand($"SELECT pg_advisory_lock({0x536F}, hashtext('{Schema}'))", holder);
        await command.ExecuteNonQueryAsync();
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        Assert.That(
            async () => await Migrations.RunAsync(_database, Schema, new Scripts(), NullLogger.Instance, impatient.Token),
            Throws.InstanceOf<OperationCanceledException>());
    }

    private Task RunAsync(Scripts scripts) => Migrations.RunAsync(_database, Schema, scripts, NullLogger.Instance, CancellationToken.None);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<List<int>> StepsAsync()
    {
        await using var command = _database.CreateCommand($"SELECT n FROM {Schema}.steps");
        await using var reader = await command.ExecuteReaderAsync();
        var steps = new List<int>();
        while (await reader.ReadAsync())
            steps.Add(reader.GetInt32(0));
        return steps;
    }

    /// <summary>An assembly of nothing but scripts.</summary>
    private sealed class Scripts(params (string Name, string Sql)[] scripts) : Assembly
    {
        public override string[] GetManifestResourceNames() => ["Other.resource", .. scripts.Select(script => $"Migrations.{script.Name}.sql")];

        public override Stream? GetManifestResourceStream(string name) =>
            new MemoryStream(Encoding.UTF8.GetBytes(scripts.Single(script => name == $"Migrations.{script.Name}.sql").Sql));
    }
}
