using Npgsql;
using Sotto.Hosting.Settings;

namespace Sotto.Cli.Import;

/// <summary>A database's address in either of the two forms in use: Npgsql's own, or the <c>postgresql://</c> form of the existing server's ini file.</summary>
internal static class PostgresAddress
{
    // Where Debian's PostgreSQL listens for a client that names no host, as libpq has it.
    private const string LocalSocket = "/var/run/postgresql";

    /// <exception cref="SettingsException">It is neither.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text, string name)
    {
        try
        {
            return text.StartsWith("postgres", StringComparison.OrdinalIgnoreCase) && text.Contains("://", StringComparison.Ordinal)
                ? FromUri(text)
                : new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception e) when (e is ArgumentException or UriFormatException)
        {
            throw new SettingsException($"{name} is neither postgresql://user:password@host:5432/name nor Host=...;Database=...;Username=...");
        }
    }

    private static NpgsqlConnectionStringBuilder FromUri(string text)
    {
        // .NET takes no authority without a host; libpq means its socket by it.
        var uri = new Uri(text.Replace(":///", "://socket.invalid/", StringComparison.Ordinal));
        var address = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host == "socket.invalid" ? LocalSocket : uri.Host,
            Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
        };
        if (uri.Port > 0)
            address.Port = uri.Port;
        if (uri.UserInfo.Split(':', 2) is [{ Length: > 0 } user, .. var password])
        {
            address.Username = Uri.UnescapeDataString(user);
            if (password is [var secret])
                address.Password = Uri.UnescapeDataString(secret);
        }

        foreach (var option in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            AddOption(address, option);
        return address;
    }

    private static void AddOption(NpgsqlConnectionStringBuilder address, string option)
    {
        if (option.Split('=', 2) is not [var key, var value])
            throw new ArgumentException("An option has no value.", nameof(option));
        address[key switch
        {
            "user" => "Username",
            "dbname" => "Database",
            "sslmode" => "SSL Mode",
            "application_name" => "Application Name",
            "connect_timeout" => "Timeout",
            _ => key,
        }] = Uri.UnescapeDataString(value);
    }
}
