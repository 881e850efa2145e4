using System.CommandLine;
using Simulation;

var seeds = new Option<int>("--seeds") { Description = "How many seeds to play in each world.", DefaultValueFactory = _ => 1_000 };
var seed = new Option<int?>("--seed") { Description = "Play this seed alone, and show its trace; with --seeds the first of them." };
var world = new Option<string?>("--world") { Description = $"Only this world: {string.Join(", ", Worlds.All.Keys)}." };
var json = new Option<FileInfo?>("--json") { Description = "Write what came of it to this file." };
var root = new RootCommand("Plays the logic that decides, with fake time, fake ports and chance from a seed.") { seeds, seed, world, json };
root.SetAction(parsed =>
{
    var worlds = parsed.GetValue(world) is { } one ? [one] : Worlds.All.Keys.ToList();
    if (worlds.Exists(name => !Worlds.All.ContainsKey(name)))
    {
        Console.Error.WriteLine($"sim: there is no such world; there are {string.Join(", ", Worlds.All.Keys)}.");
        return 2;
    }

    var single = parsed.GetValue(seed) is not null && parsed.GetResult(seeds) is null or { Implicit: true };
    return single ? SimulationRun.Show(worlds, parsed.GetValue(seed)!.Value) : SimulationRun.Play(worlds, parsed.GetValue(seed) ?? 1, parsed.GetValue(seeds), parsed.GetValue(json));
});
return root.Parse(args).Invoke();
