using System.CommandLine;

namespace Fuzz;

/// <summary><c>./dev fuzz MINUTES</c></summary>
internal static class FuzzProgram
{
    public static int Main(string[] args)
    {
        var minutes = new Argument<double>("minutes") { Description = "For how long, all targets together." };
        var only = new Option<string?>("--target") { Description = $"Only this parser: {string.Join(", ", Targets.All.Select(target => target.Name))}." };
        var seed = new Option<int?>("--seed") { Description = "Where chance begins; a new seed each time when left out." };
        var root = new RootCommand("Feeds every parser that meets the outside with damaged inputs.") { minutes, only, seed };
        root.SetAction(parsed => Run(parsed.GetValue(minutes), parsed.GetValue(only), parsed.GetValue(seed) ?? Environment.TickCount));
        return root.Parse(args).Invoke();
    }

    private static int Run(double minutes, string? only, int seed)
    {
        var targets = Targets.All.Where(target => only is null || target.Name == only).ToList();
        if (targets.Count == 0)
        {
            Console.Error.WriteLine($"fuzz: there is no such target; there are {string.Join(", ", Targets.All.Select(target => target.Name))}.");
            return 2;
        }

        Console.WriteLine($"seed {seed}");
        var time = TimeSpan.FromMinutes(minutes) / targets.Count;
        var found = 0;
        foreach (var target in targets)
        {
            var result = new Fuzzer(target, seed, Corpus.Findings).Run(Corpus.Of(target), time);
            Console.WriteLine($"{(result.Finding is null ? "ok    " : "FOUND ")} {target.Name,-20} {result.Inputs,10} inputs, {result.Kinds,4} kinds of answer, at most {result.AllocatedMax} bytes allocated");
            if (result.Finding is null)
                continue;
            found++;
            Console.WriteLine($"       {result.Finding}\n       {result.File}; mend it and keep the input in tests/corpus/{target.Name}/");
        }

        Console.WriteLine(found == 0 ? "Nothing found." : $"{found} targets found wanting.");
        return found == 0 ? 0 : 1;
    }
}
