using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Npgsql;
using Sotto.Hosting.Settings;

namespace Sotto.Cli;

/// <summary>Where the broker and the database are: options, else the environment, else a settings file; and when none says anything, the system that <c>./dev up</c> runs.</summary>
internal static class Servers
{
    private const string RabbitMqKey = "ConnectionStrings:RabbitMq";
    private const string PostgresKey = "ConnectionStrings:Postgres";

    private static readonly Option<string> RabbitMq = new("--rabbitmq")
    {
        Description = "The broker, amqp://user:password@host:port/vhost. Else ConnectionStrings__RabbitMq of the environment.",
        Recursive = true,
    };

    private static readonly Option<string> Postgres = new("--postgres")
    {
        Description = "The database, Host=...;Database=...;Username=... Else ConnectionStrings__Postgres of the environment.",
        Recursive = true,
    };

    private static readonly Option<FileInfo> SettingsFile = new("--settings")
    {
        Description = "An appsettings.json whose ConnectionStrings to use.",
        Recursive = true,
    };

    public static IReadOnlyList<Option> Options { get; } = [RabbitMq, Postgres, SettingsFile];

    /// <summary>The broker's address.</summary>
    /// <exception cref="SettingsException">Nothing names one.</exception>
    public static Uri Broker(ParseResult arguments) => Read(arguments).RabbitMq();

    /// <summary>The database, with one service's schema as search path.</summary>
    /// <exception cref="SettingsException">Nothing names one.</exception>
    public static NpgsqlDataSource Database(ParseResult arguments, string schema) =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Read(arguments).Postgres()) { SearchPath = schema, ApplicationName = "sotto" });

    /// <summary>All that was given: the settings file, then the environment, then the options.</summary>
    public static IConfiguration Read(ParseResult arguments)
    {
        var builder = new ConfigurationBuilder();
        AddFile(builder, arguments.GetValue(SettingsFile));
        var given = builder.AddEnvironmentVariables().AddEnvironmentVariables("SOTTO_").AddInMemoryCollection(
            new[] { (RabbitMqKey, arguments.GetValue(RabbitMq)), (PostgresKey, arguments.GetValue(Postgres)) }
                .Where(option => option.Item2 is not null)
                .Select(option => KeyValuePair.Create(option.Item1, option.Item2))).Build();
        if (given[RabbitMqKey] is not null || given[PostgresKey] is not null || RunningSystem() is not { } running)
            return given;

        Output.Remark(arguments, $"Using the servers of the system that ./dev up started ({running.File}).");
        return new ConfigurationBuilder().AddConfiguration(given).AddInMemoryCollection(running.Settings).Build();
    }

    private static void AddFile(ConfigurationBuilder builder, FileInfo? file)
    {
        if (file is null)
            return;
        if (!file.Exists)
            throw new SettingsException($"The settings file {file} does not exist.");
        try
        {
            builder.AddJsonFile(file.FullName, optional: false).Build();
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            throw new SettingsException($"The settings file {file} cannot be read as JSON.");
        }
    }

    private static (string File, Dictionary<string, string?> Settings)? RunningSystem()
    {
        if (Environment.GetEnvironmentVariable("SOTTO_ROOT") is not { Length: > 0 } root)
            return null;
        var file = Path.Combine(root, ".local", "run", "state.json");
        if (!File.Exists(file))
            return null;
        try
        {
            using var state = JsonDocument.Parse(File.ReadAllText(file));
            var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
            if (Text(state.RootElement, "Broker", "Amqp") is { } amqp)
                settings[RabbitMqKey] = amqp;
            if (Text(state.RootElement, "Database", "ConnectionString") is { } connectionString)
                settings[PostgresKey] = connectionString;
            return settings.Count > 0 ? (file, settings) : null;
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw new SettingsException($"The state of the running system, {file}, cannot be read.");
        }
    }

    private static string? Text(JsonElement root, string part, string name) =>
        root.TryGetProperty(part, out var section) && section.ValueKind == JsonValueKind.Object
            && section.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
