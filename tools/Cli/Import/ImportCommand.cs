using System.CommandLine;
using MassTransit;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sotto.Cli.Subscriptions;
using Sotto.Hosting.Bus;
using Sotto.Hosting.Settings;
using Sotto.Storage;
using SubscriptionApi;
using SubscriptionApi.Providers;
using SubscriptionApi.Storage;

namespace Sotto.Cli.Import;

/// <summary><c>sotto import</c>: subscriptions of other servers.</summary>
internal static class ImportCommand
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private static readonly Option<string> From = new("--from")
    {
        Description = "The existing server's database: postgresql://user:password@host/name or Host=...;Database=... Else db.url of --ini.",
    };

    private static readonly Option<FileInfo> Ini = new("--ini") { Description = "The existing server's spns.ini: names its database, and says what each of its settings is called here." };

    private static readonly Option<DirectoryInfo> Folder = new("--folder")
    {
        Description = "The key folder; tokens and envelope keys are sealed to the public keys in it.",
        DefaultValueFactory = _ => new DirectoryInfo("keys"),
    };

    private static readonly Option<FileInfo> Report = new("--report") { Description = "Append the id and the reason of each refused row to this file, one JSON object a line." };

    private static readonly Option<string[]> SkipService = new("--skip-service")
    {
        Description = "Leave the rows of this service out, for which no sender runs here. May be repeated.",
    };

    private static readonly Option<bool> FromStart = new("--from-start") { Description = "Begin with the first row, even if an earlier import was stopped in the middle." };

    public static Command Create() => new("import", "Take subscriptions over from another server.") { Spns() };

    private static Command Spns()
    {
        var command = new Command(
            "spns", "Take over the subscriptions of the existing Session push server. Senders must run: they say which tokens are taken. Stopped, it goes on where it was; repeated, it adds only what is new.")
        {
            From, Ini, Folder, Report, SkipService, FromStart,
        };
        command.Runs(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var ini = arguments.GetValue(Ini) is { } file ? SpnsIni.Read(file) : null;
        SayWhatSettingsBecome(arguments, ini);
        var address = PostgresAddress.Parse(
            arguments.GetValue(From) ?? ini?.DatabaseUrl ?? throw new SettingsException("Say where the existing server's database is: --from or --ini."), "--from");
        var clock = TimeProvider.System;
        await using var theirs = NpgsqlDataSource.Create(address);
        await using var ours = Servers.Database(arguments, SubscriptionsCommand.Schema);
        var broker = Servers.Broker(arguments);
        var keys = new SealingKeys(new SealingSettings { PublicKeysFolder = PublicFolder(arguments) }, clock, NullLogger<SealingKeys>.Instance);
        await Migrations.RunAsync(ours, SubscriptionsCommand.Schema, typeof(SubscriptionStore).Assembly, NullLogger.Instance, cancellationToken);

        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit => rabbit.Host(broker, host => host.ConnectionName("sotto import")));
        await StartAsync(bus, cancellationToken);
        try
        {
            await using var questions = new Broker(broker, "sotto import");
            await using var refused = new RefusedRows(arguments.GetValue(Report));
            var source = new SpnsSource(theirs);
            var senders = new SenderInquiry(new ValidationClient(bus, new ApiSettings { ValidationTimeout = SenderInquiry.AnswerTimeout }, NullLogger<ValidationClient>.Instance), keys, questions, clock);
            HashSet<string> skipped = [.. arguments.GetValue(SkipService) ?? []];
            var total = await CountAsync(source, senders, skipped, cancellationToken);
            var import = new SpnsImport(
                source, senders, new EnvelopeKeySeal(keys), new ImportStore(ours), new OutboxRoom(new Outbox(ours), clock), refused, skipped, clock);
            var run = await BeginAsync(arguments, ours, $"spns {address.Host}:{address.Port}/{address.Database}", cancellationToken);
            var progress = new Progress(arguments, clock);
            run = await import.RunAsync(run, counts => progress.Tell(() => FormattableString.Invariant($"{counts}; {total:N0} in all")), cancellationToken);
            Print(arguments, ImportCounts.Of(run), refused);
            return Output.Done;
        }
        finally
        {
            await bus.StopAsync(CancellationToken.None);
        }
    }

    private static void SayWhatSettingsBecome(ParseResult arguments, SpnsIni? ini)
    {
        if (ini is null)
            return;
        Output.Remark(arguments, "The existing server's settings, and where they belong here:");
        foreach (var (there, here) in ini.Known)
            Output.Remark(arguments, $"  {there,-32} {here}");
        foreach (var name in ini.NotNeeded)
            Output.Remark(arguments, $"  {name,-32} (not needed)");
    }

    // ./dev and sotto keys both keep public keys apart from the private ones; a machine that has the public ones only needs no such folder.
    private static string PublicFolder(ParseResult arguments)
    {
        var folder = arguments.GetValue(Folder)!.FullName;
        return Path.Combine(folder, "public") is var inside && Directory.Exists(inside) ? inside : folder;
    }

    private static async Task StartAsync(IBusControl bus, CancellationToken cancellationToken)
    {
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        starting.CancelAfter(StartTimeout);
        try
        {
            await bus.StartAsync(starting.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OperatorException("The broker does not answer.");
        }
    }

    private static async Task<long> CountAsync(SpnsSource source, SenderInquiry senders, HashSet<string> skipped, CancellationToken cancellationToken)
    {
        var counts = await source.CountAsync(cancellationToken);
        var missing = new List<string>();
        foreach (var (service, count) in counts.Where(entry => !skipped.Contains(entry.Key)))
        {
            if (await senders.FindMissingAsync(service, cancellationToken) is { } reason)
                missing.Add(FormattableString.Invariant($"{count:N0} rows are for {service}, but {reason}. Start it, or say --skip-service {service}."));
        }

        return missing.Count == 0 ? counts.Values.Sum() : throw new OperatorException(string.Join(Environment.NewLine, missing));
    }

    private static async Task<OperatorRun> BeginAsync(ParseResult arguments, NpgsqlDataSource database, string name, CancellationToken cancellationToken)
    {
        var run = await OperatorRun.FindAsync(database, name, cancellationToken);
        if (run is null || run.Finished || arguments.GetValue(FromStart))
            return new OperatorRun(name, "", new ImportCounts(0, 0, 0, 0, 0, 0).ToArray(), Finished: false);
        Output.Remark(arguments, $"Going on where it was stopped: {ImportCounts.Of(run)} so far.");
        return run;
    }

    private static void Print(ParseResult arguments, ImportCounts counts, RefusedRows refused) => Output.Print(
        arguments,
        new { counts.Read, counts.Added, counts.Renewed, counts.Unchanged, counts.Refused, counts.Ended, reasons = refused.Reasons },
        [counts.ToString(), .. refused.Reasons.OrderByDescending(reason => reason.Value).Select(reason => FormattableString.Invariant($"  {reason.Value,10:N0}  {reason.Key}"))]);
}
