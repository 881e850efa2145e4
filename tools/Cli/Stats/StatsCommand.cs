using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sotto.Cli.Subscriptions;
using SubscriptionApi.Stats;

namespace Sotto.Cli.Stats;

/// <summary><c>sotto stats</c>: what the existing server's <c>admin.get_stats</c> tells, counted over all instances.</summary>
internal static class StatsCommand
{
    public static Command Create()
    {
        var command = new Command("stats", "What all instances of all services have counted, as the existing server's admin.get_stats tells it.");
        command.Runs(async (arguments, cancellationToken) =>
        {
            await using var database = Servers.Database(arguments, SubscriptionsCommand.Schema);
            var stats = await new StatsReader(database).ReadAsync(TimeProvider.System.GetUtcNow(), cancellationToken);
            Output.Print(arguments, stats, Lines(stats, ""));
            return Output.Done;
        });
        return command;
    }

    private static IEnumerable<string> Lines(JsonObject stats, string indent)
    {
        foreach (var (name, value) in stats)
        {
            if (value is JsonObject part)
            {
                yield return $"{indent}{name}";
                foreach (var line in Lines(part, indent + "  "))
                    yield return line;
            }
            else
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{indent}{name.PadRight(28 - indent.Length)} {value}");
            }
        }
    }
}
