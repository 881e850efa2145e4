using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Sotto.LocalServers.Processes;

namespace Sotto.LocalServers.Postgres;

/// <summary>The files of one private cluster, and who owns them.</summary>
internal sealed class PostgresFolder
{
    private const string SuperUser = "sotto";
    private static readonly TimeSpan InitPatience = TimeSpan.FromSeconds(120);

    private PostgresFolder(string path, string programs, OrdinaryUser? user, string password)
    {
        Path = path;
        Binaries = programs;
        User = user;
        Password = password;
    }

    public string Path { get; }

    public string Binaries { get; }

    public OrdinaryUser? User { get; }

    public int Port { get; private set; }

    public string DataFolder => DataFolderIn(Path);

    public string LogFile => System.IO.Path.Combine(Path, "postgres.log");

    public string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = SuperUser,
        Password = Password,
        Database = "postgres",
        SslMode = SslMode.Disable,
    }.ConnectionString;

    private string Password { get; }

    public static async Task<PostgresFolder> OpenAsync(string wanted, Durability durability, Action<string> say, CancellationToken cancellation)
    {
        var user = OrdinaryUser.ForPostgres();
        var path = await ReachableAsync(System.IO.Path.GetFullPath(wanted), user, say, cancellation);
        var versionFile = System.IO.Path.Combine(DataFolderIn(path), "PG_VERSION");
        var version = File.Exists(versionFile) ? (await File.ReadAllTextAsync(versionFile, cancellation)).Trim() : null;
        var programs = ProgramsFolder(version) ?? throw new LocalServerException(
            version is null
                ? "PostgreSQL is not installed; install the package 'postgresql'."
                : $"{path} was made by PostgreSQL {version}, which is not installed. Delete the folder, or install the package 'postgresql-{version}'.");

        if (version is null)
            await InitialiseAsync(path, programs, user, durability, cancellation);

        var password = await File.ReadAllTextAsync(PasswordFileIn(path), cancellation);
        return new PostgresFolder(path, programs, user, password.Trim());
    }

    /// <summary>Where Debian keeps the programs of this version, or of the newest; null when there are none.</summary>
    public static string? ProgramsFolder(string? version)
    {
        const string Debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(Debian) ? Directory.GetDirectories(Debian).Select(folder => System.IO.Path.GetFileName(folder)!) : [];
        var found = versions.Where(name => version is null || name == version)
            .OrderByDescending(name => int.TryParse(name, CultureInfo.InvariantCulture, out var number) ? number : 0)
            .Select(name => System.IO.Path.Combine(Debian, name, "bin"))
            .FirstOrDefault(bin => File.Exists(System.IO.Path.Combine(bin, "initdb")));
        return found ?? (version is null && Programs.Find("initdb") is { } initdb ? System.IO.Path.GetDirectoryName(initdb) : null);
    }

    public async Task<FreePorts> TakePortAsync(CancellationToken cancellation)
    {
        var file = System.IO.Path.Combine(Path, "port");
        var before = File.Exists(file) ? int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture) : 0;
        var taken = await FreePorts.TakeAgainAsync(before, cancellation);
        Port = taken.Base;
        File.WriteAllText(file, Port.ToString(CultureInfo.InvariantCulture));
        return taken;
    }

    // A repository under /root is closed to the user that PostgreSQL must run as.
    private static async Task<string> ReachableAsync(string wanted, OrdinaryUser? user, Action<string> say, CancellationToken cancellation)
    {
        Directory.CreateDirectory(wanted);
        if (user is null || await user.CanEnterAsync(wanted, cancellation))
            return wanted;

        if (!Directory.EnumerateFileSystemEntries(wanted).Any())
            Directory.Delete(wanted);

        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(wanted)))[..16];
        var instead = System.IO.Path.Combine("/var/tmp", $"sotto-postgres-{name}");
        if (!Directory.Exists(instead))
            Directory.CreateDirectory(instead, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        // Anybody may make folders there; one that is not root's is not ours.
        if (!await new OrdinaryUser("root").OwnsAsync(instead, cancellation))
            throw new LocalServerException($"{instead} belongs to somebody else; PostgreSQL's data is not put there.");

        File.SetUnixFileMode(instead, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        say($"The user {user.Name} cannot enter {wanted}, so PostgreSQL keeps its data in {instead}.");
        return instead;
    }

    private static async Task InitialiseAsync(string path, string programs, OrdinaryUser? user, Durability durability, CancellationToken cancellation)
    {
        var data = DataFolderIn(path);
        if (Directory.Exists(data))
            Directory.Delete(data, recursive: true);

        Directory.CreateDirectory(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var password = PasswordFileIn(path);
        OwnerOnlyFile.Write(password, RandomNumberGenerator.GetHexString(32, lowercase: true) + "\n");
        if (user is not null)
        {
            await user.OwnAsync(data, cancellation);
            await user.OwnAsync(password, cancellation);
        }

        string[] initdb =
        [
            System.IO.Path.Combine(programs, "initdb"), "-D", data, "-U", SuperUser, "-A", "scram-sha-256", $"--pwfile={password}", "-E", "UTF8", "--locale=C",
            .. (string[])(durability == Durability.Throwaway ? ["--no-sync"] : []),
        ];
        string[] command = [.. user?.RunAs ?? [], .. initdb];
        await Programs.RequireAsync("Making a PostgreSQL cluster", command[0], command.Skip(1), InitPatience, data, cancellation);
    }

    private static string DataFolderIn(string path) => System.IO.Path.Combine(path, "data");

    private static string PasswordFileIn(string path) => System.IO.Path.Combine(path, "password");
}
