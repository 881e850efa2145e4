using System.Diagnostics;
using System.Text.Json;
using Simulation.Running;

namespace Simulation;

/// <summary>Plays seeds and says what came of them.</summary>
internal static class SimulationRun
{
    private const int ShownMax = 10;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Plays one seed and prints its trace.</summary>
    public static int Show(IReadOnlyList<string> worlds, int seed)
    {
        var results = worlds.Select(world => Worlds.Play(world, seed, keepsTrace: true)).ToList();
        foreach (var result in results)
        {
            Console.WriteLine($"{result.World}, seed {seed}");
            foreach (var line in result.Trace)
                Console.WriteLine(line);
            Console.WriteLine($"{result.Steps} steps, trace {result.Fingerprint}: {result.Violation ?? "every promise kept"}\n");
        }

        return results.Exists(result => result.Violation is not null) ? 1 : 0;
    }

    /// <summary>Plays many seeds on all processors.</summary>
    public static int Play(IReadOnlyList<string> worlds, int first, int count, FileInfo? file)
    {
        var watch = Stopwatch.StartNew();
        var results = new List<SeedResult>();
        foreach (var world in worlds)
        {
            var begun = watch.Elapsed;
            var played = Enumerable.Range(first, count).AsParallel().Select(seed => Worlds.Play(world, seed)).OrderBy(result => result.Seed).ToList();
            results.AddRange(played);
            Console.WriteLine($"{world,-10} {played.Count} seeds, {played.Sum(result => (long)result.Steps)} steps, {(watch.Elapsed - begun).TotalSeconds:0.0} s, {played.Count(result => result.Violation is not null)} failed");
        }

        var failed = results.Where(result => result.Violation is not null).ToList();
        foreach (var result in failed.Take(ShownMax))
            Console.WriteLine($"  {result.World} --seed {result.Seed}: {result.Violation}");
        if (failed.Count > 0)
            Console.WriteLine($"  replay: ./dev sim --world {failed[0].World} --seed {failed[0].Seed}");
        var perMinute = count / watch.Elapsed.TotalMinutes;
        Console.WriteLine($"{count} seeds in {watch.Elapsed.TotalSeconds:0.0} s, {perMinute:0} a minute; {failed.Count} failed");
        if (file is not null)
            Write(file, worlds, first, count, results, failed, watch.Elapsed);
        return failed.Count == 0 ? 0 : 1;
    }

    private static void Write(
        FileInfo file, IReadOnlyList<string> worlds, int first, int count, List<SeedResult> results, List<SeedResult> failed, TimeSpan took) =>
        File.WriteAllText(file.FullName, JsonSerializer.Serialize(
            new
            {
                FirstSeed = first,
                Seeds = count,
                Worlds = worlds,
                Seconds = took.TotalSeconds,
                SeedsPerMinute = count / took.TotalMinutes,
                Steps = results.Sum(result => (long)result.Steps),
                Failed = failed.Select(result => new { result.World, result.Seed, result.Violation, result.Fingerprint }),
            },
            Indented));
}
