using System.CommandLine;
using System.Text.Json;
using NUnit.Framework;
using Sotto.Cli;
using Sotto.Dev.Running;

namespace EndToEnd.Tests;

/// <summary><c>sotto load</c> at the whole system: its messages come out at the simulated provider, each once, and are found there.</summary>
public sealed class LoadTests
{
    [Test]
    public async Task Messages_of_a_load_are_followed_from_the_network_to_the_provider()
    {
        await using var world = await World.StartAsync(new(StringComparer.Ordinal) { ["HuaweiSender"] = 0 });
        await using var output = new StringWriter();
        await using var error = new StringWriter();

        var exitCode = await SottoCommand.Create().Parse(
        [
            "load", "--api", $"{world.Api}", "--provider", "apns", "--subscriptions", "20", "--rate", "50", "--seconds", "2", "--messages", "25", "--json",
            "--swarm-control", ControlOf(world, SimulatorCatalogue.Swarm), "--provider-control", ControlOf(world, SimulatorCatalogue.Apns),
        ]).InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });

        Assert.That(exitCode, Is.Zero, error.ToString());
        using var document = JsonDocument.Parse(output.ToString());
        var messages = document.RootElement.GetProperty("messages");
        Assert.That(messages.GetProperty("outcomes").EnumerateObject().Select(outcome => (outcome.Name, outcome.Value.GetInt32())), Is.EqualTo(new[] { ("arrived", 50) }));
        Assert.That(messages.GetProperty("p50Ms").GetDouble(), Is.GreaterThan(0));
        Assert.That(document.RootElement.GetProperty("unsubscribed").GetProperty("outcomes").GetProperty("removed").GetInt32(), Is.EqualTo(20));
    }

    private static string ControlOf(World world, string simulator) =>
        SimulatorCatalogue.Text(world.System.State.Simulators.First(program => program.Name == simulator).Ready!, "control");
}
