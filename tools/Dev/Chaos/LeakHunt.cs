using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Npgsql;
using Sotto.Dev.Running;
using Sotto.Ledger.Leaks;

namespace Sotto.Dev.Chaos;

/// <summary>Looks for the run's own secrets wherever the system has left anything: on the bus, in files, tables, metrics and cores.</summary>
internal sealed class LeakHunt(Crowd crowd)
{
    // Where an account id may be: see the table of docs/architecture.md.
    private static readonly string[] ExchangesWithAccounts = ["message-arrived", "subscription-changed", "subscription-ready"];
    private static readonly string[] SchemasWithAccounts = ["subscription_api", "swarm_listener", "encryptor"];

    // What holds secrets because it plays the world outside, or is a secret itself.
    private static readonly string[] FoldersNotOurs = ["keys", "credentials", "clocks"];

    private readonly SecretScanner _secrets = new(Secrets(crowd));
    private readonly SecretScanner _accounts = new(AccountIds(crowd));

    public IReadOnlyList<Finding> Findings => [.. _secrets.Findings, .. _accounts.Findings];

    public long Count => _secrets.Count + _accounts.Count;

    public long Places => _secrets.Places;

    public long Bytes => _secrets.Bytes;

    /// <summary>A message of the bus as it passes.</summary>
    public void Look(string exchange, ReadOnlySpan<byte> body)
    {
        _secrets.Scan($"queue behind {exchange}", body);
        if (!ExchangesWithAccounts.Contains(exchange))
            _accounts.Scan($"queue behind {exchange}", body);
    }

    /// <summary>Everything that can be looked at when the run is over and the system still runs.</summary>
    public async Task LookAroundAsync(ChaosWorld world, CancellationToken cancellation)
    {
        foreach (var service in world.State.Services)
        {
            if (await HttpProbe.GetAsync(new Uri(service.Admin!, "/metrics"), cancellation) is { } page)
                Scan($"metrics of {service.Label}", page, mayHoldAccounts: false);
        }

        await LookAtTablesAsync(world, cancellation);
        await LookAtFilesAsync(world.Folder, cancellation);
        if (await DataFolderAsync(world, cancellation) is { } data && Directory.Exists(data) && !data.StartsWith(world.Folder, StringComparison.Ordinal))
            await LookAtFilesAsync(data, cancellation);
    }

    /// <summary>What the run leaves in files, with the system running or not.</summary>
    public async Task LookAtFilesAsync(string folder, CancellationToken cancellation)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => !FoldersNotOurs.Contains(Path.GetRelativePath(folder, file).Split('/')[0]) && !Path.GetFileName(file).StartsWith("Fake", StringComparison.Ordinal));
        var cores = Programs().SelectMany(program => Directory.EnumerateFiles(program, "core*")).Where(file => !file.EndsWith(".dll", StringComparison.Ordinal));
        foreach (var file in files.Concat(cores))
        {
            var relative = Path.GetRelativePath(Workspace.Root, file);
            try
            {
                await ScanFileAsync(_secrets, file, relative, cancellation);
                if (file.EndsWith(".log", StringComparison.Ordinal))
                    await ScanFileAsync(_accounts, file, relative, cancellation);
            }
            catch (FileNotFoundException)
            {
                // A server has done with it.
            }
        }
    }

    private static IEnumerable<string> Programs() => ServiceCatalogue.All.Select(service => Path.GetDirectoryName(Workspace.Program(service))!).Where(Directory.Exists);

    private static async Task ScanFileAsync(SecretScanner scanner, string file, string name, CancellationToken cancellation)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        await scanner.ScanAsync(name, stream, cancellation);
    }

    private static async Task<string?> DataFolderAsync(ChaosWorld world, CancellationToken cancellation)
    {
        await using var database = NpgsqlDataSource.Create(world.ConnectionString);
        await using var command = database.CreateCommand("SHOW data_directory");
        return await command.ExecuteScalarAsync(cancellation) as string;
    }

    // Each table twice: as text, in which bytes are hex, and as they are.
    private async Task LookAtTablesAsync(ChaosWorld world, CancellationToken cancellation)
    {
        await using var database = NpgsqlDataSource.Create(world.ConnectionString);
        var tables = new List<(string Schema, string Name)>();
        await using (var command = database.CreateCommand("SELECT schemaname, format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"))
        await using (var row = await command.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation))
                tables.Add((row.GetString(0), row.GetString(1)));
        }

        await using var connection = await database.OpenConnectionAsync(cancellation);
        foreach (var (schema, table) in tables)
        {
            using (var text = await connection.BeginTextExportAsync($"COPY {table} TO STDOUT", cancellation))
                Scan($"table {table}", await text.ReadToEndAsync(cancellation), SchemasWithAccounts.Contains(schema));
            await using var bytes = await connection.BeginRawBinaryCopyAsync($"COPY {table} TO STDOUT (FORMAT binary)", cancellation);
            await _secrets.ScanAsync($"table {table}, binary", bytes, cancellation);
        }
    }

    private void Scan(string place, string text, bool mayHoldAccounts)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        _secrets.Scan(place, bytes);
        if (!mayHoldAccounts)
            _accounts.Scan(place, bytes);
    }

    private static SecretPatterns Secrets(Crowd crowd)
    {
        var patterns = new SecretPatterns();
        foreach (var device in crowd.Devices)
        {
            // What is secret of an endpoint is its last part.
            patterns.AddText($"device token of {device}", device.Token[(device.Token.LastIndexOf('/') + 1)..]);
            if (device.Subscription?["keys"] is JsonObject keys)
            {
                foreach (var (name, key) in keys)
                    patterns.AddBytes($"{name} of {device}", Base64Url.DecodeFromChars(key!.GetValue<string>()));
            }

            foreach (var key in device.Keys)
                patterns.AddBytes($"envelope key of {device}", key.Span);
        }

        return patterns;
    }

    private static SecretPatterns AccountIds(Crowd crowd)
    {
        var patterns = new SecretPatterns();
        foreach (var (account, number) in crowd.Accounts.Select((account, number) => (account, number)))
            patterns.AddText($"account {number}", account);
        return patterns;
    }
}
