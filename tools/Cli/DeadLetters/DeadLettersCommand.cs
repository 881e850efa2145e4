using System.CommandLine;
using System.Globalization;
using DeadLetterKeeper.Storage;

namespace Sotto.Cli.DeadLetters;

/// <summary><c>sotto dead-letters</c>: pushes that no sender could do more for, as the DeadLetterKeeper keeps them.</summary>
internal static class DeadLettersCommand
{
    private const int ListMax = 100;

    private static readonly Option<Guid?> Id = new("--id") { Description = "Only this push." };
    private static readonly Option<string> Provider = new("--provider") { Description = "Only this provider, such as apns." };
    private static readonly Option<string> App = new("--app") { Description = "Only this app of its provider." };
    private static readonly Option<string> Reason = new("--reason") { Description = "Only those whose outcome or reason contains this, such as PAYLOAD_BAD." };
    private static readonly Option<TimeSpan?> OlderThan = new("--older-than") { Description = "Only those given up longer ago than this, such as 01:30:00 or 2.00:00:00." };
    private static readonly Option<TimeSpan?> NewerThan = new("--newer-than") { Description = "Only those given up within this time." };
    private static readonly Option<bool> All = new("--all") { Description = "Every letter that waits; where a filter is needed, this says that none is meant." };

    public static Command Create() =>
        new("dead-letters", "List, show, replay and discard pushes that no sender could do more for.") { List(), Show(), Replay(), Discard(), PoisonCommand.Create() };

    private static Command List()
    {
        var settled = new Option<bool>("--settled") { Description = "Also those that were replayed, discarded or retired." };
        var limit = Arguments.Number("--limit", "At most so many.", ListMax, 1, 10_000);
        var command = new Command("list", "List dead letters, the oldest first.") { Id, Provider, App, Reason, OlderThan, NewerThan, settled, limit };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Letters.Schema);
            var desk = Letters.Desk(database);
            var countMax = arguments.GetValue(limit);
            var letters = await desk.ListAsync(Filter(arguments) with { Waiting = !arguments.GetValue(settled) }, countMax, cancellationToken);
            Output.Print(arguments, letters, letters.Select(letter => Line(
                $"{letter.PushId}  {letter.DeadLetteredAt:u}  {letter.Provider,-12} {letter.Attempts,3}x  {letter.State,-9}  {letter.Outcome} {letter.Reason}")));
            return Output.Done;
        });
        return command;
    }

    private static Command Show()
    {
        var id = new Argument<Guid>("id") { Description = "The push's id." };
        var command = new Command("show", "Show every letter of one push; a replayed push may have several.") { id };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Letters.Schema);
            var letters = await Letters.Desk(database).ListAsync(new LetterFilter { PushId = arguments.GetValue(id), Waiting = false }, ListMax, cancellationToken);
            if (letters.Count == 0)
                throw new OperatorException("There is no dead letter of this push.");
            Output.Print(arguments, letters, letters.SelectMany(letter => (string[])
            [
                $"push         {letter.PushId}",
                $"provider     {letter.Provider}{(letter.App is null ? "" : $", app {letter.App}")}",
                Line($"given up     {letter.DeadLetteredAt:u} after {letter.Attempts} attempts"),
                .. letter.History.Select(attempt => Line($"attempt      {attempt.At:u}  {attempt.Outcome} {attempt.Reason}")),
                $"outcome      {letter.Outcome}",
                $"reason       {letter.Reason}",
                Line($"expires      {letter.ExpiresAt:u}"),
                Line($"state        {letter.State}, {letter.Bytes} bytes as JSON"),
            ]));
            return Output.Done;
        });
        return command;
    }

    private static Command Replay()
    {
        var rate = new Option<int>("--rate") { Description = "At most so many pushes a second.", DefaultValueFactory = _ => Letters.RateDefault };
        var command = new Command("replay", "Put pushes back into their provider's queue, each once. What has expired by now is discarded.") { Id, Provider, App, Reason, OlderThan, NewerThan, All, rate };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Letters.Schema);
            await using var pushes = await PushLine.OpenAsync(arguments, cancellationToken);
            var settled = await Letters.ReplayAsync(arguments, Letters.Desk(database), pushes, Chosen(arguments), "replay", arguments.GetValue(rate), cancellationToken);
            Output.Print(
                arguments,
                new { replayed = settled.Done, discarded = settled.Discarded },
                Line($"Replayed {settled.Done:N0}; {settled.Discarded:N0} had expired and were discarded."));
            return Output.Done;
        });
        return command;
    }

    private static Command Discard()
    {
        var command = new Command("discard", "Settle letters without replaying them. They stay in the table until they are too old.") { Id, Provider, App, Reason, OlderThan, NewerThan, All };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Letters.Schema);
            var settled = await Letters.SettleAllAsync(
                arguments, Letters.Desk(database), Chosen(arguments), "discard", "discarded", (letters, _) => Task.FromResult<IReadOnlyCollection<Letter>>(letters), Letters.RateMax, cancellationToken);
            Output.Print(arguments, new { discarded = settled.Done }, Line($"Discarded {settled.Done:N0}."));
            return Output.Done;
        });
        return command;
    }

    private static LetterFilter Chosen(ParseResult arguments)
    {
        var filter = Filter(arguments);
        return filter.NamesAny || arguments.GetValue(All)
            ? filter
            : throw new OperatorException("Say which: --id, --provider, --app, --reason, --older-than or --newer-than; or --all.");
    }

    private static LetterFilter Filter(ParseResult arguments)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new LetterFilter
        {
            PushId = arguments.GetValue(Id),
            Provider = arguments.GetValue(Provider),
            App = arguments.GetValue(App),
            Reason = arguments.GetValue(Reason),
            Before = now - arguments.GetValue(OlderThan),
            After = now - arguments.GetValue(NewerThan),
        };
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
