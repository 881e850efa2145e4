using System.CommandLine;
using System.Globalization;
using Sotto.Session;
using SubscriptionApi.Storage;

namespace Sotto.Cli.Subscriptions;

/// <summary><c>sotto subscriptions</c>: who is subscribed, as far as an operator may know: never an account, a token or a key.</summary>
internal static class SubscriptionsCommand
{
    /// <summary>Schema of the SubscriptionApi's tables.</summary>
    public const string Schema = "subscription_api";

    // Rows locked by one statement; a client who renews one of them waits for that long.
    private const int BatchMax = 1_000;
    private const int ListMax = 100;

    private const string ReplayName = "replay";

    private static readonly Option<string> Account = new("--account") { Description = "Only this account: 66 hex digits." };
    private static readonly Option<string> Provider = new("--provider") { Description = "Only this provider, such as apns." };
    private static readonly Option<DateTimeOffset?> RenewedBefore = new("--renewed-before") { Description = "Only those neither made nor renewed since this instant, such as 2026-03-01T00:00Z." };
    private static readonly Argument<Guid> Id = Arguments.Id("The subscription's id, as sotto subscriptions list shows it.");

    public static Command Create() =>
        new("subscriptions", "Count, list, show, remove and replay subscriptions.") { Count(), List(), Show(), Remove(), Replay() };

    private static Command Count()
    {
        var command = new Command("count", "How many there are for each provider.");
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Schema);
            var counts = await new SubscriptionDesk(database).CountAsync(TimeProvider.System.GetUtcNow(), cancellationToken);
            var total = counts.Sum(count => count.Count);
            Output.Print(
                arguments,
                new { total, providers = counts },
                [.. counts.Select(count => Line($"{count.Provider,-14} {count.Count,12:N0}   {count.EndingWithinADay:N0} end within a day")), Line($"{"total",-14} {total,12:N0}")]);
            return Output.Done;
        });
        return command;
    }

    private static Command List()
    {
        var limit = Arguments.Number("--limit", "At most so many.", ListMax, 1, 10_000);
        var after = new Option<Guid>("--after") { Description = "Go on after this id, the last one of the list before." };
        var command = new Command("list", "List subscriptions by id.") { Account, Provider, RenewedBefore, limit, after };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Schema);
            var found = await new SubscriptionDesk(database).ListAsync(Filter(arguments), arguments.GetValue(after), arguments.GetValue(limit), cancellationToken);
            Output.Print(arguments, found, found.Select(Line));
            if (found.Count == arguments.GetValue(limit))
                Output.Remark(arguments, $"There may be more: sotto subscriptions list --after {found[^1].Id}");
            else if (found.Count == 0)
                Output.Remark(arguments, "There are none.");
            return Output.Done;
        });
        return command;
    }

    private static Command Show()
    {
        var command = new Command("show", "Show one subscription.") { Id };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Schema);
            var found = await new SubscriptionDesk(database).ListAsync(new SubscriptionFilter { Id = arguments.GetValue(Id) }, Guid.Empty, 1, cancellationToken);
            if (found is not [var subscription])
                throw new OperatorException("There is no subscription of this id.");
            Output.Print(
                arguments,
                subscription,
                $"id           {subscription.Id}",
                $"provider     {subscription.Provider}",
                $"account      of kind {subscription.AccountPrefix}{(subscription.SignedBySubaccount ? ", signed by a subaccount" : "")}",
                $"namespaces   {string.Join(',', subscription.Namespaces)}",
                $"wants data   {(subscription.WantsData ? "yes" : "no")}",
                Line($"created      {subscription.CreatedAt:u}"),
                Line($"renewed      {subscription.RenewedAt:u}"),
                Line($"expires      {subscription.ExpiresAt:u}"),
                Line($"revision     {subscription.Revision}"),
                Line($"unpublished  {subscription.ChangesWaiting} changes"));
            return Output.Done;
        });
        return command;
    }

    private static Command Remove()
    {
        var id = new Option<Guid?>("--id") { Description = "Only this subscription." };
        var yes = new Option<bool>("--yes") { Description = "Do it; without it, only the number is shown." };
        var command = new Command("remove", "Withdraw subscriptions. Their devices are woken no more until they subscribe again.") { id, Account, Provider, RenewedBefore, yes };
        command.Runs(async (arguments, cancellationToken) =>
        {
            var filter = Filter(arguments) with { Id = arguments.GetValue(id) };
            if (!filter.NamesAny)
                throw new OperatorException("Say which: --id, --account, --provider or --renewed-before.");
            await using var database = Servers.Database(arguments, Schema);
            var desk = new SubscriptionDesk(database);
            if (!arguments.GetValue(yes))
            {
                var some = await desk.ListAsync(filter, Guid.Empty, BatchMax, cancellationToken);
                var text = some.Count < BatchMax ? Line($"{some.Count}") : Line($"at least {BatchMax}");
                Output.Print(arguments, new { removed = 0, wouldRemove = some.Count, more = some.Count == BatchMax }, $"This would remove {text} subscriptions; say --yes to do it.");
                return Output.Done;
            }

            var removed = await RemoveAllAsync(arguments, desk, new OutboxRoom(new Outbox(database), TimeProvider.System), filter, cancellationToken);
            Output.Print(arguments, new { removed }, Line($"Removed {removed:N0} subscriptions."));
            return Output.Done;
        });
        return command;
    }

    private static async Task<int> RemoveAllAsync(ParseResult arguments, SubscriptionDesk desk, OutboxRoom room, SubscriptionFilter filter, CancellationToken cancellationToken)
    {
        var progress = new Progress(arguments, TimeProvider.System);
        var total = 0;
        int removed;
        do
        {
            await room.WaitAsync(cancellationToken);
            total += removed = await desk.WithdrawAsync(filter, BatchMax, cancellationToken);
            progress.Tell(() => Line($"{total:N0} removed"));
        }
        while (removed == BatchMax);
        return total;
    }

    private static Command Replay()
    {
        var fromStart = new Option<bool>("--from-start") { Description = "Begin anew, even if an earlier replay was stopped in the middle." };
        var command = new Command("replay", "Tell the other services of every subscription once more, so that they can rebuild what they hold. Goes on where it was stopped.") { fromStart };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Schema);
            var (desk, room, progress) = (new SubscriptionDesk(database), new OutboxRoom(new Outbox(database), TimeProvider.System), new Progress(arguments, TimeProvider.System));
            var run = await OperatorRun.FindAsync(database, ReplayName, cancellationToken);
            if (run is null || run.Finished || arguments.GetValue(fromStart))
                run = new OperatorRun(ReplayName, "", [0], Finished: false);
            else
                Output.Remark(arguments, Line($"Going on after the first {run.Counts[0]:N0}."));
            while (!run.Finished)
            {
                await room.WaitAsync(cancellationToken);
                run = await desk.ReplayAsync(run, BatchMax, cancellationToken);
                var count = run.Counts[0];
                progress.Tell(() => Line($"{count:N0} replayed"));
            }

            Output.Print(arguments, new { replayed = run.Counts[0] }, Line($"Replayed {run.Counts[0]:N0} subscriptions; SubscriptionApi publishes them."));
            return Output.Done;
        });
        return command;
    }

    private static SubscriptionFilter Filter(ParseResult arguments) => new()
    {
        Account = arguments.GetValue(Account) is { } text ? ReadAccount(text) : null,
        Provider = arguments.GetValue(Provider),
        RenewedBefore = arguments.GetValue(RenewedBefore),
    };

    private static byte[] ReadAccount(string text)
    {
        var account = new byte[AccountId.Size];
        return text.Length == 2 * AccountId.Size && Convert.FromHexString(text, account, out _, out _) == System.Buffers.OperationStatus.Done
            ? account
            : throw new OperatorException($"--account takes {2 * AccountId.Size} hex digits.");
    }

    private static string Line(SubscriptionSummary subscription) => Line(
        $"{subscription.Id}  {subscription.Provider,-12} {subscription.AccountPrefix}  renewed {subscription.RenewedAt:u}  expires {subscription.ExpiresAt:u}  namespaces {string.Join(',', subscription.Namespaces)}");

    // Numbers and instants read the same on every machine.
    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
