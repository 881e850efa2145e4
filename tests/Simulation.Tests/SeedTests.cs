using NUnit.Framework;
using Simulation.Sealing;
using Simulation.Sending;
using Sotto.TestSupport;

namespace Simulation.Tests;

/// <summary>A quick pass over the simulated worlds; <c>./dev sim</c> plays more.</summary>
public sealed class SeedTests
{
    private const int SeedsOfAPass = 200;

    public static IEnumerable<string> AllWorlds => Worlds.All.Keys;

    [TestCaseSource(nameof(AllWorlds))]
    public void Every_promise_is_kept(string world)
    {
        var broken = Enumerable.Range(1, SeedsOfAPass).AsParallel().Select(seed => Worlds.Play(world, seed)).Where(result => result.Violation is not null)
            .Select(result => $"./dev sim --world {world} --seed {result.Seed}: {result.Violation}").ToList();

        Assert.That(broken, Is.Empty);
    }

    [TestCaseSource(nameof(AllWorlds))]
    public void A_seed_replays_exactly(string world)
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            var first = Worlds.Play(world, seed, keepsTrace: true);
            var second = Worlds.Play(world, seed, keepsTrace: true);

            Assert.That(first.Trace, Has.Count.GreaterThan(3));
            Assert.That(second.Trace, Is.EqualTo(first.Trace));
            Assert.That((second.Steps, second.Fingerprint), Is.EqualTo((first.Steps, first.Fingerprint)));
        }
    }

    [TestCaseSource(nameof(AllWorlds))]
    public void Seeds_differ(string world) =>
        Assert.That(Enumerable.Range(1, 5).Select(seed => Worlds.Play(world, seed).Fingerprint).Distinct().Count(), Is.EqualTo(5));

    // The fake databases do what these statements say; when a statement changes, so must they.
    [Test]
    public void The_fake_databases_do_what_the_statements_say()
    {
        Assert.That(Read("services/SubscriptionApi/Storage/SubscriptionStore.cs"), Does.Contain(TokenWatch.StatementOfTheApi));
        foreach (var statement in ClaimDatabase.StatementsOfTheWindow)
            Assert.That(Read("services/Encryptor/Storage/DuplicateWindow.cs"), Does.Contain(statement));
        foreach (var statement in ClaimDatabase.StatementsOfMatching)
            Assert.That(Read("services/Encryptor/Storage/SubscriptionStore.cs"), Does.Contain(statement));
    }

    private static string Read(string path) => File.ReadAllText(Repository.At(path));
}
