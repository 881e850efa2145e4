using NUnit.Framework;

namespace Fuzz.Tests;

/// <summary>A short turn for every parser; <c>./dev fuzz MINUTES</c> takes longer.</summary>
public sealed class FuzzTests
{
    private const int Seed = 1;
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1.5);

    public static IEnumerable<string> AllTargets => Targets.All.Select(target => target.Name);

    [TestCaseSource(nameof(AllTargets))]
    public void A_parser_takes_whatever_comes(string name)
    {
        var target = Targets.All.Single(target => target.Name == name);
        var corpus = Corpus.Of(target);

        var result = new Fuzzer(target, Seed, Corpus.Findings).Run(corpus, Turn);

        Assert.That(result.Finding, Is.Null, result.File);
        Assert.That(corpus, Is.Not.Empty, "its corpus is tests/corpus/" + name);
        Assert.That(result.Kinds, Is.GreaterThan(1), "it always answers the same: what is fed to it is not what it reads");
    }

    [Test]
    public void A_corpus_belongs_to_a_target() =>
        Assert.That(Directory.GetDirectories(Corpus.Folder).Select(Path.GetFileName), Is.SubsetOf(AllTargets));

    [Test]
    public void A_crash_is_found_and_its_input_kept() =>
        AssertFound(input => input.Contains((byte)'x') ? throw new InvalidOperationException("planted") : "fine", "planted");

    [Test]
    public void An_allocation_beyond_its_bound_is_found() =>
        AssertFound(input => input.Contains((byte)'x') ? new byte[10_000_000].Length.ToString(System.Globalization.CultureInfo.InvariantCulture) : "fine", "allocated");

    [Test]
    public void A_hang_is_found()
    {
        using var never = new ManualResetEventSlim();
        AssertFound(
            input =>
            {
                if (input.Contains((byte)'x'))
                    never.Wait();
                return "fine";
            },
            "no answer");
        never.Set();
    }

    private static void AssertFound(Func<byte[], string> parse, string finding)
    {
        var folder = Directory.CreateTempSubdirectory("sotto-fuzz-").FullName;
        try
        {
            var target = new FuzzTarget("planted", ["x"], parse) { TimeMax = TimeSpan.FromSeconds(1) };

            var result = new Fuzzer(target, Seed, folder).Run(["abc"u8.ToArray()], TimeSpan.FromMinutes(1));

            Assert.That(result.Finding, Does.Contain(finding));
            Assert.That(File.ReadAllBytes(result.File!), Does.Contain((byte)'x'));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
