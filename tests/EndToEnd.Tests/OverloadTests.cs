using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Sotto.Dev.Demo;
using Sotto.Dev.Running;
using Sotto.Ledger;
using Sotto.TestSupport;

namespace EndToEnd.Tests;

/// <summary>More messages at once than can be taken: what was accepted comes, once; the rest was refused and counted; and then all is as before.</summary>
public sealed class OverloadTests
{
    // The least that may be set: a flood is larger than the room at any speed of the machine.
    private const int Room = 100;
    private const int Phones = 8;
    private const int Flood = 4_000;

    [Test]
    public async Task Past_saturation_what_was_accepted_comes_once_and_the_listener_returns_to_normal()
    {
        await using var world = await World.StartAsync(settings: new(StringComparer.Ordinal) { ["Swarm:WaitingMessagesMax"] = Room.ToString(CultureInfo.InvariantCulture) });
        var names = new List<string>();
        for (var i = 0; i < Phones; i++)
            names.Add(await world.SubscribeAsync("apns"));

        var swarm = ControlClient.Of(world.System.State, SimulatorCatalogue.Swarm);
        await swarm.PostAsync(
            "/flood",
            new JsonObject { ["count"] = Flood, ["rate"] = 200_000, ["accounts"] = new JsonArray([.. names.Select(name => (JsonNode)world.PhoneOf(name).Account.Hex)]), ["size"] = 100 },
            CancellationToken.None);
        var (accepted, arrivals) = (0.0, (IReadOnlyList<Arrival>)[]);
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                var before = accepted;
                accepted = await ReadAsync(world, "sotto_listener_published");
                arrivals = await world.ArrivalsAsync();
                return accepted > 0 && accepted == before && arrivals.Count >= accepted && await ReadAsync(world, "sotto_listener_waiting") == 0;
            },
            TimeSpan.FromSeconds(120),
            "all that was accepted had come");

        var refused = await ReadAsync(world, "sotto_listener_dropped");
        Assert.Multiple(() =>
        {
            Assert.That(refused, Is.GreaterThan(0), "it was more than there was room for");
            Assert.That(arrivals.Select(arrival => arrival.Notification?.Hash), Has.None.Null, "every device could read what it got");
            Assert.That(arrivals.Select(arrival => arrival.Notification!.Hash), Is.Unique);
            Assert.That(arrivals, Has.Count.EqualTo((int)accepted));
        });

        var last = await world.StoreAsync(names[0], "afterwards"u8.ToArray());
        await Eventually.BecomesTrueAsync(async () => (await world.ArrivalsAsync()).Any(arrival => arrival.Notification?.Hash == last), what: "the next message came as ever");
        Assert.That((await world.JudgeAsync(arrivals.Select(arrival => new PushKey(arrival.Device, arrival.Notification!.Hash)).Append(new PushKey(names[0], last)))).Holds(duplicatesAllowed: 0), Is.True);
    }

    private static async Task<double> ReadAsync(World world, string series)
    {
        var page = await HttpProbe.GetAsync(new Uri(world.Service("SwarmListener").Admin!, "/metrics"), CancellationToken.None);
        var line = page!.Split('\n').Single(line => line.StartsWith(series + " ", StringComparison.Ordinal));
        return double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture);
    }
}
