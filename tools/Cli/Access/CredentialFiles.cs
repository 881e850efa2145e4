using Sotto.Access;

namespace Sotto.Cli.Access;

/// <summary>One file of environment variables for each service; they hold passwords and are their owner's alone.</summary>
internal sealed class CredentialFiles(string folder)
{
    private const string Broker = "ConnectionStrings__RabbitMq=";

    public string PathOf(ServiceAccess access) => Path.Combine(folder, $"{access.Service}.env");

    /// <summary>The credentials in the service's file; fresh ones where there is none, or <paramref name="renew"/> asks for them.</summary>
    public ServiceCredentials Read(ServiceAccess access, string prefix, bool renew)
    {
        var fresh = ServiceCredentials.Make(access, prefix);
        var file = PathOf(access);
        if (renew || !File.Exists(file))
            return fresh;
        var line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith(Broker, StringComparison.Ordinal));
        return line is not null && Uri.TryCreate(line[Broker.Length..], UriKind.Absolute, out var address) && address.UserInfo.Split(':') is [var user, var password] && user == fresh.User
            ? fresh with { Password = password }
            : throw new OperatorException($"{file} is not a file of this command for {fresh.User}; move it away, or use --renew.");
    }

    /// <summary>Writes what the service needs to connect.</summary>
    public void Write(ServiceCredentials one, Uri broker, string database)
    {
        Directory.CreateDirectory(folder);
        string[] lines =
        [
            $"{Broker}{one.Broker(broker).OriginalString}",
            .. one.Access.Schema is null ? Array.Empty<string>() : [$"ConnectionStrings__Postgres={one.Database(database)}"],
            "Bus__Topology=Given",
        ];
        var file = PathOf(one.Access);
        var beside = $"{file}.new";
        using (var stream = new FileStream(beside, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        using (var writer = new StreamWriter(stream))
        {
            foreach (var line in lines)
                writer.WriteLine(line);
        }

        File.Move(beside, file, overwrite: true);
    }
}
