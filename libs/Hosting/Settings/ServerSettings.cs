using Microsoft.Extensions.Configuration;

namespace Sotto.Hosting.Settings;

/// <summary>Where the servers are that every service needs.</summary>
public static class ServerSettings
{
    /// <summary>The broker, from <c>ConnectionStrings:RabbitMq</c>: <c>amqp://user:password@host:port/vhost</c> (<c>amqps</c> for TLS).</summary>
    /// <exception cref="SettingsException">It is absent or not such an address.</exception>
    public static Uri RabbitMq(this IConfiguration configuration)
    {
        var text = configuration.GetConnectionString("RabbitMq");
        if (string.IsNullOrWhiteSpace(text))
            throw new SettingsException("Setting ConnectionStrings:RabbitMq is missing; it looks like amqp://user:password@host:5672/vhost.");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps"))
            throw new SettingsException("Setting ConnectionStrings:RabbitMq is not an address of the form amqp://user:password@host:5672/vhost.");
        return uri;
    }

    /// <summary>The database, from <c>ConnectionStrings:Postgres</c>, in Npgsql's own form.</summary>
    /// <exception cref="SettingsException">It is absent or malformed.</exception>
    public static string Postgres(this IConfiguration configuration)
    {
        var text = configuration.GetConnectionString("Postgres");
        if (string.IsNullOrWhiteSpace(text))
            throw new SettingsException("Setting ConnectionStrings:Postgres is missing; it looks like Host=127.0.0.1;Port=5432;Database=sotto;Username=sotto.");
        try
        {
            return new Npgsql.NpgsqlConnectionStringBuilder(text).ConnectionString;
        }
        catch (ArgumentException)
        {
            throw new SettingsException("Setting ConnectionStrings:Postgres cannot be read as a PostgreSQL connection string.");
        }
    }
}
