using System.CommandLine;
using System.Globalization;
using DeadLetterKeeper.Storage;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Sotto.Hosting.Bus;

namespace Sotto.Cli.DeadLetters;

/// <summary><c>sotto dead-letters poison</c>: bus messages that no consumer could take, kept as the bytes that they are.</summary>
internal static class PoisonCommand
{
    private const int ListMax = 100;

    private static readonly Option<long?> Id = new("--id") { Description = "Only this one, by the number that list shows." };
    private static readonly Option<string> Queue = new("--queue") { Description = "Only those from this queue, such as push.apns." };
    private static readonly Option<string> Reason = new("--reason") { Description = "Only those whose reason contains this, such as oversize." };
    private static readonly Option<TimeSpan?> OlderThan = new("--older-than") { Description = "Only those kept longer ago than this, such as 01:30:00." };
    private static readonly Option<TimeSpan?> NewerThan = new("--newer-than") { Description = "Only those kept within this time." };
    private static readonly Option<bool> All = new("--all") { Description = "Every message that waits." };

    public static Command Create() =>
        new("poison", "List, show, replay and discard bus messages that no consumer could take.") { List(), Show(), Replay(), Discard() };

    private static Command List()
    {
        var settled = new Option<bool>("--settled") { Description = "Also those that were replayed or discarded." };
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => ListMax };
        var command = new Command("list", "List poison messages, the oldest first.") { Id, Queue, Reason, OlderThan, NewerThan, settled, limit };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Letters.Schema);
            var messages = await Letters.PoisonDesk(database).ListAsync(
                Filter(arguments) with { Waiting = !arguments.GetValue(settled) }, Math.Clamp(arguments.GetValue(limit), 1, 10_000), cancellationToken);
            Output.Print(arguments, messages, messages.Select(message => Line(
                $"{message.Id,8}  {message.KeptAt:u}  {message.Queue,-30} {message.Bytes,8} bytes  {message.State,-9}  {message.Reason}")));
            return Output.Done;
        });
        return command;
    }

    private static Command Show()
    {
        var id = new Argument<long>("id") { Description = "Its number in the list." };
        var command = new Command("show", "Show what is known of one poison message. Its content is shown to nobody.") { id };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Letters.Schema);
            var filter = new PoisonFilter { Id = arguments.GetValue(id), Waiting = false };
            if (await Letters.PoisonDesk(database).ListAsync(filter, 1, cancellationToken) is not [var message])
                throw new OperatorException("There is no poison message of this number.");
            Output.Print(arguments, message, [
                Line($"number       {message.Id}"),
                $"queue        {message.Queue}",
                Line($"kept         {message.KeptAt:u}"),
                $"reason       {message.Reason}",
                $"content      {message.ContentType ?? "of no stated type"}, {message.Bytes.ToString(CultureInfo.InvariantCulture)} bytes",
                $"message id   {message.MessageId ?? "none"}",
                $"state        {message.State}",
            ]);
            return Output.Done;
        });
        return command;
    }

    private static Command Replay()
    {
        var rate = new Option<int>("--rate") { Description = "At most so many messages a second.", DefaultValueFactory = _ => Letters.RateDefault };
        var command = new Command("replay", "Put messages back, byte by byte, into the queue that they came from, each once. For when its consumer has been mended.")
        {
            Id, Queue, Reason, OlderThan, NewerThan, All, rate,
        };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Letters.Schema);
            await using var broker = new Broker(Servers.Broker(arguments), "sotto");
            var replayed = await SettleAllAsync(
                arguments, Letters.PoisonDesk(database), "replay-poison", "replayed", (message, ending) => PutBackAsync(broker, message, ending), arguments.GetValue(rate), cancellationToken);
            Output.Print(arguments, new { replayed }, Line($"Replayed {replayed:N0}."));
            return Output.Done;
        });
        return command;
    }

    private static Command Discard()
    {
        var command = new Command("discard", "Settle messages without replaying them. They stay in the table until they are too old.") { Id, Queue, Reason, OlderThan, NewerThan, All };
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, Letters.Schema);
            var discarded = await SettleAllAsync(
                arguments, Letters.PoisonDesk(database), "discard-poison", "discarded", (_, _) => Task.CompletedTask, Letters.RateMax, cancellationToken);
            Output.Print(arguments, new { discarded }, Line($"Discarded {discarded:N0}."));
            return Output.Done;
        });
        return command;
    }

    private static async Task<int> SettleAllAsync(
        ParseResult arguments, PoisonDesk desk, string action, string state, Func<PoisonMessage, CancellationToken, Task> work, int rate, CancellationToken cancellationToken)
    {
        var filter = Filter(arguments);
        if (!filter.NamesAny && !arguments.GetValue(All))
            throw new OperatorException("Say which: --id, --queue, --reason, --older-than or --newer-than; or --all.");
        var clock = TimeProvider.System;
        // What becomes poison again while this runs is another message, for another day.
        filter = filter with { Before = filter.Before ?? clock.GetUtcNow() };
        var pace = TimeSpan.FromSeconds(1) / Math.Clamp(rate, 1, Letters.RateMax);
        var begun = clock.GetTimestamp();
        var total = 0;
        while (await desk.SettleNextAsync(filter, action, state, work, cancellationToken))
        {
            var due = ++total * pace - clock.GetElapsedTime(begun);
            if (due > TimeSpan.Zero)
                await Task.Delay(due, clock, cancellationToken);
        }

        return total;
    }

    private static async Task PutBackAsync(Broker broker, PoisonMessage message, CancellationToken cancellationToken)
    {
        if (string.Equals(message.Queue, PoisonMessage.Unknown, StringComparison.Ordinal))
            throw new OperatorException("One of them does not say from which queue it came; name the others by --queue, and discard it.");
        var properties = new BasicProperties { Persistent = true, ContentType = message.ContentType, MessageId = message.MessageId };
        // The broker's own headers tell of the way here, ours of why it was set aside: neither is part of the message.
        properties.Headers = message.Headers.Where(header => !header.Key.StartsWith("x-", StringComparison.Ordinal) && !header.Key.StartsWith("sotto-poison-", StringComparison.Ordinal))
            .ToDictionary(header => header.Key, object? (header) => header.Value, StringComparer.Ordinal);
        try
        {
            await broker.PutBackAsync(message.Queue, properties, message.Body, cancellationToken);
        }
        catch (PublishException)
        {
            throw new OperatorException($"The queue {message.Queue} is not there, or refuses. What was put back before is settled; run this again for the rest.");
        }
    }

    private static PoisonFilter Filter(ParseResult arguments)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new PoisonFilter
        {
            Id = arguments.GetValue(Id),
            Queue = arguments.GetValue(Queue),
            Reason = arguments.GetValue(Reason),
            Before = now - arguments.GetValue(OlderThan),
            After = now - arguments.GetValue(NewerThan),
        };
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
