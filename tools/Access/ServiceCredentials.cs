using System.Security.Cryptography;
using Npgsql;

namespace Sotto.Access;

/// <summary>How one service connects: its own user of the broker and its own role of the database. Prints without the passwords.</summary>
public sealed record ServiceCredentials
{
    // 160 bits: nobody guesses it, and it is typed by nobody.
    private const int PasswordDigits = 40;

    /// <summary>Whose they are.</summary>
    public required ServiceAccess Access { get; init; }

    /// <summary>Name of the broker's user and, in lower case with underscores, of the database's role.</summary>
    public required string User { get; init; }

    /// <summary>One password for both. Secret.</summary>
    public required string Password { get; init; }

    /// <summary>Name of the database's role.</summary>
    public string Role => User.Replace('-', '_').ToLowerInvariant();

    /// <summary>Fresh credentials; <paramref name="prefix"/> keeps users of several systems on one server apart.</summary>
    public static ServiceCredentials Make(ServiceAccess access, string prefix) => new()
    {
        Access = access,
        User = $"{prefix}-{access.Service.ToLowerInvariant()}",
        Password = RandomNumberGenerator.GetHexString(PasswordDigits, lowercase: true),
    };

    /// <summary>The broker as this service reaches it.</summary>
    public Uri Broker(Uri administrator) => new UriBuilder(administrator) { UserName = User, Password = Password }.Uri;

    /// <summary>The database as this service reaches it.</summary>
    public string Database(string administrator) => new NpgsqlConnectionStringBuilder(administrator) { Username = Role, Password = Password }.ConnectionString;

    /// <inheritdoc/>
    public override string ToString() => $"{User}, password [REDACTED]";
}
