namespace Sotto.LocalServers.Processes;

/// <summary>A user without rights, for the server that refuses to run as root.</summary>
/// <param name="Name">As in /etc/passwd.</param>
public sealed record OrdinaryUser(string Name)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    /// <summary>True when this process runs as root.</summary>
    public static bool WeAreRoot => Libc.EffectiveUser() == 0;

    /// <summary>Put in front of a command line, runs it as this user.</summary>
    public IReadOnlyList<string> RunAs => ["setpriv", $"--reuid={Name}", $"--regid={Group}", "--clear-groups", "--"];

    private string Group { get; init; } = Name;

    /// <summary>The user to run PostgreSQL as: its own if the package made one, otherwise nobody. Null when we are not root and need none.</summary>
    public static OrdinaryUser? ForPostgres()
    {
        if (!WeAreRoot)
            return null;

        var users = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3).ToList();
        var user = users.Find(fields => fields[0] == "postgres") ?? users.Find(fields => fields[0] == "nobody")
            ?? throw new LocalServerException("PostgreSQL does not run as root, and there is neither a user 'postgres' nor a user 'nobody' to run it as.");
        return new OrdinaryUser(user[0]) { Group = user[3] };
    }

    /// <summary>True when this user can enter the folder; it must exist.</summary>
    public async Task<bool> CanEnterAsync(string folder, CancellationToken cancellation) =>
        (await Programs.RunAsync(RunAs[0], RunAs.Skip(1).Concat(["test", "-x", folder]), Soon, cancellation: cancellation)).Succeeded;

    /// <summary>Gives the file or folder, and nothing in it, to this user.</summary>
    public Task OwnAsync(string path, CancellationToken cancellation) =>
        Programs.RequireAsync($"Giving {path} to the user {Name}", "chown", ["-h", $"{Name}:{Group}", path], Soon, cancellation: cancellation);

    /// <summary>True when the folder belongs to this user.</summary>
    public async Task<bool> OwnsAsync(string folder, CancellationToken cancellation) =>
        (await Programs.RequireAsync("stat", "stat", ["-c", "%U", folder], Soon, cancellation: cancellation)).Trim() == Name;
}
