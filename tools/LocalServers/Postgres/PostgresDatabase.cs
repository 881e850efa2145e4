using Npgsql;

namespace Sotto.LocalServers.Postgres;

/// <summary>A database that nobody else uses.</summary>
public sealed class PostgresDatabase : IAsyncDisposable
{
    private readonly string _server;

    private PostgresDatabase(string server, string name)
    {
        _server = server;
        Name = name;
        ConnectionString = new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Where services connect to it, user and password included.</summary>
    public string ConnectionString { get; }

    /// <summary>Makes an empty database on the server that <paramref name="server"/> connects to.</summary>
    /// <param name="server">A connection string whose user may make databases.</param>
    /// <param name="name">Lower-case letters, digits and underscores.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<PostgresDatabase> CreateAsync(string server, string name, CancellationToken cancellation = default)
    {
        await ExecuteAsync(server, $"CREATE DATABASE \"{Checked(name)}\" TEMPLATE template0", cancellation);
        return new PostgresDatabase(server, name);
    }

    /// <summary>Makes the database unless it is there.</summary>
    public static async Task<PostgresDatabase> EnsureAsync(string server, string name, CancellationToken cancellation = default)
    {
        try
        {
            return await CreateAsync(server, name, cancellation);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DuplicateDatabase)
        {
            return new PostgresDatabase(server, name);
        }
    }

    /// <summary>Deletes it, whoever is connected to it, and whether or not it exists.</summary>
    public static Task DropAsync(string server, string name, CancellationToken cancellation = default) =>
        ExecuteAsync(server, $"DROP DATABASE IF EXISTS \"{Checked(name)}\" WITH (FORCE)", cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await DropAsync(_server, Name);

    internal static async Task<bool> AcceptsAsync(string server)
    {
        try
        {
            await ExecuteAsync(server, "SELECT 1", CancellationToken.None);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            return false;
        }
    }

    private static string Checked(string name) =>
        name.Length is > 0 and < 64 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_')
            ? name
            : throw new ArgumentException("A database is named by lower-case letters, digits and underscores.", nameof(name));

    private static async Task ExecuteAsync(string server, string sql, CancellationToken cancellation)
    {
        // No pool: these connections come once, and a pool would keep the server's sessions open.
        var settings = new NpgsqlConnectionStringBuilder(server) { Pooling = false, Timeout = 15, CommandTimeout = 60 };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
