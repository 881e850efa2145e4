using Sotto.Dev.Mutants;

namespace EndToEnd.Tests.Tools;

/// <summary>What an earlier run of the planted bugs is believed, and what the page says.</summary>
public sealed class MutantReportTests
{
    private static readonly Mutant Ack = new("ack-early", "Pushes are lost.", "a.cs", "A.Tests Name~Ack", "await work();", "_ = work();");
    private static readonly Mutant Jitter = new("no-jitter", "All at once.", "b.cs", "B.Tests Name~Pace", "pace", "0");

    [Test]
    public void What_was_caught_is_kept_and_what_has_changed_since_is_run_again()
    {
        var file = new FileInfo(Path.GetTempFileName());
        try
        {
            MutantReport.Write(file, [Caught(Ack), Caught(Jitter), new MutantFate(Jitter with { Name = "survivor" }, null, null, TimeSpan.Zero)]);

            var known = MutantReport.ReadCaught(file, [Ack, Jitter with { After = "1" }, Jitter with { Name = "survivor" }]);

            Assert.That(known, Is.EqualTo((MutantFate[])[Caught(Ack)]));
        }
        finally
        {
            file.Delete();
        }
    }

    [Test]
    public void The_page_names_the_test_that_caught_a_bug_and_says_of_which_it_does_not_know() =>
        Assert.That(MutantPage.Write([Ack, Jitter], [Caught(Ack)]), Does.Contain("| A.Tests: It was noticed |").And.Contain("| **not run** |"));

    private static MutantFate Caught(Mutant mutant) => new(mutant, "It_was_noticed", null, TimeSpan.FromSeconds(1.5));
}
