using Sotto.LocalServers;
using Sotto.LocalServers.Processes;

namespace EndToEnd.Tests.LocalServers;

/// <summary>Processes are known by id and start time, stopped in bounded time, and their last words reach the person who waits.</summary>
public sealed class ProcessTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("sotto-process-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void A_program_that_ends_while_starting_is_reported_with_its_last_words()
    {
        var process = Start("echo it hurts here; exit 7");

        Assert.That(
            async () => await process.WaitUntilReadyAsync(() => Task.FromResult(false), TimeSpan.FromSeconds(10)),
            Throws.InstanceOf<LocalServerException>().With.Message.Contains("code 7").And.Message.Contains("it hurts here"));
    }

    [Test]
    public async Task A_program_that_is_never_ready_is_reported_in_bounded_time()
    {
        var process = Start("exec sleep 60");

        Assert.That(
            async () => await process.WaitUntilReadyAsync(() => Task.FromResult(false), TimeSpan.FromMilliseconds(200)),
            Throws.InstanceOf<LocalServerException>().With.Message.Contains("not ready"));
        await process.Identity.StopAsync(TimeSpan.FromSeconds(5));
        Assert.That(process.Identity.IsAlive, Is.False);
    }

    [Test]
    public async Task A_program_that_will_not_listen_is_killed()
    {
        var process = Start("trap '' TERM; echo deaf; while :; do sleep 0.1; done");
        await process.WaitUntilReadyAsync(() => Task.FromResult(File.ReadAllText(process.LogFile).Contains("deaf", StringComparison.Ordinal)), TimeSpan.FromSeconds(10));

        await process.Identity.StopAsync(TimeSpan.FromMilliseconds(200));

        Assert.That(process.Identity.IsAlive, Is.False);
    }

    [Test]
    public async Task A_process_that_took_over_an_old_id_is_left_alone()
    {
        var process = Start("exec sleep 60");
        var before = process.Identity with { StartTicks = process.Identity.StartTicks - 1 };

        await before.StopAsync(TimeSpan.Zero, StopSignal.Kill);

        Assert.That(before.IsAlive, Is.False);
        Assert.That(process.Identity.IsAlive, Is.True);
        await process.Identity.StopAsync(TimeSpan.FromSeconds(5));
    }

    [Test]
    public void Ports_that_are_taken_are_not_given_out_again()
    {
        using var first = FreePorts.Take(10_000);

        Assert.That(FreePorts.TryTake(first.Base), Is.Null);
        using var second = FreePorts.Take(10_000);
        Assert.That(second.Base, Is.Not.EqualTo(first.Base));
    }

    private LocalProcess Start(string script) =>
        LocalProcess.Start(new ProcessLaunch { Name = "The script", Program = "/bin/sh", Arguments = ["-c", script], LogFile = Path.Combine(_folder, "log") });
}
