using System.CommandLine;
using DeadLetterKeeper.Storage;

namespace Sotto.Cli.DeadLetters;

/// <summary>
/// <c>sotto tokens</c>: device tokens that a provider called dead while so many died at once that a wrong setting of ours was more likely. Their pushes are dead letters
/// whose reason begins with <c>doubted:</c>; nothing was retired.
/// </summary>
internal static class TokensCommand
{
    private static readonly Option<string> Provider = new("--provider") { Description = "Only this provider, such as apns.", Required = true };
    private static readonly Option<string> App = new("--app") { Description = "Only this app, as clients name it." };
    private static readonly Option<string> Reason = new("--reason") { Description = "Only those that died for a reason that contains this." };

    public static Command Create() => new("tokens", "Decide on device tokens whose death was doubted.") { Quarantined(), Release(), Retire() };

    private static Command Quarantined()
    {
        var command = new Command("quarantined", "How many tokens each provider called dead without being believed, by app and reason.");
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Letters.Schema);
            var found = await Letters.Desk(database).QuarantinedAsync(cancellationToken);
            Output.Print(arguments, found, found.Select(one => FormattableString.Invariant(
                $"{one.Provider,-12} {one.App,-20} {one.Devices,8:N0} devices, {one.Pushes,8:N0} pushes, {one.First:u} to {one.Last:u}  {one.Reason}")));
            return Output.Done;
        });
        return command;
    }

    private static Command Release()
    {
        var rate = new Option<int>("--rate") { Description = "At most so many pushes a second.", DefaultValueFactory = _ => Letters.RateDefault };
        var command = new Command("release", "They live: the setting was wrong and is mended. Their pushes are replayed.") { Provider, App, Reason, rate };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Letters.Schema);
            await using var pushes = await PushLine.OpenAsync(arguments, cancellationToken);
            var settled = await Letters.ReplayAsync(arguments, Letters.Desk(database), pushes, Filter(arguments), "release", arguments.GetValue(rate), cancellationToken);
            Output.Print(
                arguments,
                new { released = settled.Done, expired = settled.Discarded },
                FormattableString.Invariant($"Released: {settled.Done:N0} pushes were replayed; {settled.Discarded:N0} had expired and were discarded."));
            return Output.Done;
        });
        return command;
    }

    private static Command Retire()
    {
        var command = new Command("retire", "They are dead: their subscriptions end, except those renewed since.") { Provider, App, Reason };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Letters.Schema);
            await using var pushes = await PushLine.OpenAsync(arguments, cancellationToken);
            var settled = await Letters.SettleAllAsync(
                arguments, Letters.Desk(database), Filter(arguments), "retire", "retired", pushes.RetireAsync, Letters.RateMax, cancellationToken);
            Output.Print(arguments, new { retired = settled.Done }, FormattableString.Invariant($"Retired the tokens of {settled.Done:N0} pushes."));
            return Output.Done;
        });
        return command;
    }

    private static LetterFilter Filter(ParseResult arguments) =>
        LetterFilter.Quarantined with { Provider = arguments.GetValue(Provider), App = arguments.GetValue(App), Reason = arguments.GetValue(Reason) };
}
