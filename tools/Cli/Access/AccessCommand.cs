using System.CommandLine;
using Sotto.Access;
using Sotto.Hosting.Settings;

namespace Sotto.Cli.Access;

/// <summary><c>sotto access</c>: a broker user and a database role for each service, with no more rights than it needs.</summary>
internal static class AccessCommand
{
    private static readonly Option<string[]> Senders = new("--sender")
    {
        Description = "One more sender, as Name=provider,provider; for one that is not in this repository. May be repeated.",
        DefaultValueFactory = _ => [],
    };

    public static Command Create() =>
        new("access", "A broker user and a database role for each service, with no more rights than it needs.") { Show(), Apply() };

    private static Command Show()
    {
        var command = new Command("show", "Show what each service may touch.") { Senders };
        command.Runs((arguments, _) =>
        {
            var all = Services(arguments);
            Output.Print(arguments, all, all.SelectMany(one => (string[])
            [
                one.Service, $"  schema     {one.Schema ?? "none"}", $"  configure  {one.Configure}", $"  write      {one.Write}", $"  read       {one.Read}",
            ]));
            return Task.FromResult(Output.Done);
        });
        return command;
    }

    private static Command Apply()
    {
        var management = new Option<string?>("--management")
        {
            Description = "The broker's management API with a user that may make users, http://user:password@host:15672. Default: port 15672 of the broker's host, with its user.",
        };
        var prefix = new Option<string>("--prefix") { Description = "Begins the name of each user and role.", DefaultValueFactory = _ => "sotto" };
        var folder = new Option<DirectoryInfo>("--folder")
        {
            Description = "Where one file for each service is written, its owner's alone: NAME.env, to be given to that service and no other.",
            DefaultValueFactory = _ => new DirectoryInfo("access"),
        };
        var renew = new Option<bool>("--renew") { Description = "New passwords for all. Services must be started anew with them; until then they run on, but cannot connect again." };
        var command = new Command(
            "apply", "Make users, roles and what services share at the broker; connect with users that may do that (--rabbitmq, --postgres). Repetition changes nothing.")
        {
            management, prefix, folder, renew, Senders,
        };
        command.Runs(async (arguments, cancellationToken) =>
        {
            var (broker, database) = (Servers.Broker(arguments), Servers.Read(arguments).Postgres());
            var files = new CredentialFiles(arguments.GetValue(folder)!.FullName);
            var all = Services(arguments).Select(one => files.Read(one, arguments.GetValue(prefix)!, arguments.GetValue(renew))).ToList();
            // Written first: a password that no file holds would be lost.
            foreach (var one in all)
                files.Write(one, broker, database);
            await BrokerUsers.ApplyAsync(broker, Management(arguments.GetValue(management), broker), all, cancellationToken);
            await DatabaseRoles.ApplyAsync(database, all, cancellationToken);
            var made = all.Select(one => new { one.Access.Service, one.User, Role = one.Access.Schema is null ? null : one.Role, File = files.PathOf(one.Access) }).ToList();
            Output.Print(arguments, made, made.Select(one => $"{one.Service,-18} {one.User,-28} {one.Role ?? "no database",-28} {one.File}"));
            return Output.Done;
        });
        return command;
    }

    private static List<ServiceAccess> Services(ParseResult arguments) => [.. ServiceAccess.All, .. arguments.GetValue(Senders)!.Select(Sender)];

    private static ServiceAccess Sender(string text)
    {
        var parts = text.Split('=');
        var providers = parts.Length == 2 ? parts[1].Split(',') : [];
        return providers.Length > 0 && parts[0].Length > 0 && parts[0].All(char.IsAsciiLetterOrDigit) && providers.All(Contracts.Provider.IsWellFormed)
            ? ServiceAccess.Sender(parts[0], providers)
            : throw new SettingsException($"--sender {text}: it looks like NtfySender=ntfy, or Name=provider,provider.");
    }

    private static Uri Management(string? given, Uri broker)
    {
        const int Port = 15_672;
        if (given is null)
            return new UriBuilder("http", broker.Host, Port) { UserName = broker.UserInfo.Split(':')[0], Password = broker.UserInfo.Split(':').ElementAtOrDefault(1) ?? "" }.Uri;
        return Uri.TryCreate(given, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new SettingsException("--management is not an address of the form http://user:password@host:15672.");
    }
}
