using System.Text.RegularExpressions;
using Npgsql;
using Sotto.Access;
using Sotto.LocalServers;
using Sotto.LocalServers.Processes;
using Sotto.LocalServers.RabbitMq;

namespace Cli.Tests.Access;

/// <summary>What the containers of docker-compose.yml do to get at broker and database, done without containers: its commands, the image's scripts, real servers.</summary>
public sealed partial class ComposeAccessTests
{
    private const string Keeper = "DeadLetterKeeper";
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndMax = TimeSpan.FromSeconds(30);

    private string _folder = "";

    private static string Compose { get; } = File.ReadAllText(Repository.At("docker-compose.yml"));

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("sotto-compose-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task A_service_starts_with_what_was_made_for_it_and_ends_in_order()
    {
        var broker = await TestServers.CreateBrokerAsync();
        var database = await TestServers.CreateDatabaseAsync();
        try
        {
            await ApplyAsync(broker, database);
            using var admin = FreePorts.Take();
            var service = Shell("exec start", App(Keeper), ("ENVIRONMENT_FILE", FileOf(Keeper)), ("Admin__Urls", $"http://127.0.0.1:{admin.Base}"));
            try
            {
                await service.WaitUntilReadyAsync(() => IsHealthyAsync(admin.Base), StartMax);

                Assert.That(await ConnectionsAsync(database, $"{broker.VirtualHost}-{Keeper}"), Is.Positive, "it does not use its own role");
            }
            finally
            {
                await service.Identity.StopAsync(EndMax);
            }

            Assert.That(service.HasEnded && service.ExitCode == 0, Is.True, $"it did not hear SIGTERM. {service.LogTail()}");
        }
        finally
        {
            foreach (var access in ServiceAccess.All)
                await ManagementApi.SendAsync(broker.Management, HttpMethod.Delete, $"api/users/{broker.VirtualHost}-{access.Service.ToLowerInvariant()}", null, CancellationToken.None);
        }
    }

    [Test]
    public async Task A_service_without_its_file_does_not_start()
    {
        var service = Shell("exec start", App(Keeper), ("ENVIRONMENT_FILE", FileOf(Keeper)));

        Assert.That(await Polling.UntilAsync(() => service.HasEnded, EndMax), Is.True);
        Assert.That(service.ExitCode, Is.Not.Zero);
        Assert.That(service.LogTail(), Does.Contain(FileOf(Keeper)));
    }

    [Test]
    public void Each_service_is_given_its_own_file_and_nobody_elses()
    {
        foreach (var access in ServiceAccess.All)
        {
            var section = Section(access.Service);
            Assert.That(Mount().Matches(section).Select(match => match.Value), Is.EqualTo((string[])[$"\"access-{access.Service}:/access:ro\""]), access.Service);
            Assert.That(section, Does.Contain("<<: *common").And.Not.Contain("ConnectionStrings__"), access.Service);
            Assert.That(Section("access"), Does.Contain($"- access-{access.Service}:/access/{access.Service}\n").And.Match($@"for name in [^;]*\b{access.Service}\b"));
        }
    }

    // The command of the container, with its volumes in a folder; names of its own, because tests share a broker.
    private async Task ApplyAsync(TestBroker broker, string database)
    {
        foreach (var access in ServiceAccess.All)
            Directory.CreateDirectory(Path.GetDirectoryName(FileOf(access.Service))!);
        var command = Script().Match(Section("access")).Groups["script"].Value.Replace("$$", "$", StringComparison.Ordinal)
            .Replace("/access/", $"{_folder}/access/", StringComparison.Ordinal)
            .Replace("access apply", $"access apply --prefix {broker.VirtualHost} --management {broker.Management}", StringComparison.Ordinal);
        var apply = Shell(
            $"APP_UID=$(id -u)\n{command}", App("sotto"), ("ConnectionStrings__RabbitMq", broker.Amqp.ToString()), ("ConnectionStrings__Postgres", database));
        Assert.That(await Polling.UntilAsync(() => apply.HasEnded, StartMax), Is.True);
        Assert.That(apply.ExitCode, Is.Zero, apply.LogTail());
    }

    private LocalProcess Shell(string command, string app, params (string Name, string Value)[] environment) => LocalProcess.Start(new ProcessLaunch
    {
        Name = Path.GetFileName(app),
        Program = "/bin/sh",
        Arguments = ["-ec", command],
        LogFile = Path.Combine(app, "log"),
        Environment = new Dictionary<string, string?>(environment.Select(one => KeyValuePair.Create<string, string?>(one.Name, one.Value)), StringComparer.Ordinal)
        {
            ["APP_FOLDER"] = app,
            ["PATH"] = $"{Repository.At("tools", "docker")}:{Environment.GetEnvironmentVariable("PATH")}",
        },
    });

    private static async Task<bool> IsHealthyAsync(int port)
    {
        using var healthy = System.Diagnostics.Process.Start(Repository.At("tools", "docker", "healthy"), $"{port}");
        await healthy.WaitForExitAsync();
        return healthy.ExitCode == 0;
    }

    // As the image has it: a folder, and in it the name of its program.
    private string App(string program)
    {
        var app = Directory.CreateDirectory(Path.Combine(_folder, program)).FullName;
        File.WriteAllText(Path.Combine(app, ".program"), Path.Combine(Path.GetRelativePath(app, AppContext.BaseDirectory), program) + "\n");
        return app;
    }

    private string FileOf(string service) => Path.Combine(_folder, "access", service, "service.env");

    private static string Section(string service)
    {
        var section = Compose[(Compose.IndexOf($"\n  {service}:\n", StringComparison.Ordinal) + 1)..];
        return section[..section.IndexOf("\n\n", StringComparison.Ordinal)];
    }

    private static async Task<long> ConnectionsAsync(string database, string user)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = $1");
        command.Parameters.Add(new() { Value = user.Replace('-', '_').ToLowerInvariant() });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    [GeneratedRegex(@"""access-[^""]*""", RegexOptions.None, 1000)]
    private static partial Regex Mount();

    [GeneratedRegex(@"- \|\n(?<script>( {8}[^\n]*\n)+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Script();
}
