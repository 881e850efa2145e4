using System.CommandLine;
using Npgsql;
using RabbitMQ.Client.Exceptions;
using Sotto.Bench;
using Sotto.Cli;
using Sotto.Dev;
using Sotto.LocalServers;

const int SecondsDefault = 10;
const int SecondsMax = 3_600;
const int SubscriptionsMax = 10_000_000;
const int OutageMinutesMax = 24 * 60;

var names = new Argument<string[]>("name")
{
    Description = "Which benches; all when none is named:\n" + string.Join("\n", Catalogue.All.Select(bench => $"{bench.Name}: {bench.Description}")),
    Arity = ArgumentArity.ZeroOrMore,
};
var json = new Option<string?>("--json") { Description = "Write the figures to this file, as {name: {\"figures\": {key: number}, \"notes\": [...]}}.", HelpName = "FILE" };
var seconds = new Option<int>("--seconds") { Description = $"How long each measurement lasts: 1 to {SecondsMax}.", DefaultValueFactory = _ => SecondsDefault };
var swarm = new Option<string?>("--swarm")
{
    Description = "pipeline: a storage network that somebody else runs and loads, by its oxend's address as the listener takes it (tcp://host:port).",
    HelpName = "ADDRESS",
};
var subscriptions = new Option<int?>("--subscriptions") { Description = "pipeline, scale: with so many; pipeline then leaves 1,000,000 out. 0 only with --swarm." };
var outage = new Option<int?>("--outage") { Description = "storm: the dead provider stays dead for so many minutes, instead of twice --seconds.", HelpName = "MINUTES" };
var root = new RootCommand("Measures Sotto on this machine. Progress goes to standard error, one table to standard output.") { names, json, seconds, swarm, subscriptions, outage };
root.SetAction(async (parsed, cancellation) =>
{
    var chosen = Catalogue.Named(parsed.GetValue(names) ?? []);
    var options = new BenchOptions(parsed.GetValue(seconds), parsed.GetValue(swarm), parsed.GetValue(subscriptions), parsed.GetValue(outage));
    if (options.Seconds is < 1 or > SecondsMax)
        throw new BenchException($"--seconds takes a number from 1 to {SecondsMax}.");
    if (options.Subscriptions is < 0 or > SubscriptionsMax)
        throw new BenchException($"--subscriptions takes a number from 0 to {SubscriptionsMax}.");
    if (options is { Subscriptions: 0, Swarm: null })
        throw new BenchException("--subscriptions 0 leaves nobody to send to; only with --swarm may somebody else subscribe.");
    if (options.OutageMinutes is < 1 or > OutageMinutesMax)
        throw new BenchException($"--outage takes a number from 1 to {OutageMinutesMax}.");

    return await Runner.RunAsync(chosen, options, parsed.GetValue(json), cancellation) ? 0 : 1;
});

try
{
    var invocation = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60), EnableDefaultExceptionHandler = false };
    return await root.Parse(args).InvokeAsync(invocation);
}
catch (Exception e) when (e is BenchException or LocalServerException or DevException or OperatorException or NpgsqlException or RabbitMQClientException or HttpRequestException or TimeoutException or IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"bench: {e.Message}");
    return 1;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("bench: interrupted; what was started has been stopped.");
    return 130;
}
