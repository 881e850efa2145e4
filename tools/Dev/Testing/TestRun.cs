using System.Diagnostics;
using System.Globalization;
using System.Xml;
using Sotto.LocalServers.Processes;

namespace Sotto.Dev.Testing;

/// <summary>What came of one project's tests.</summary>
/// <param name="Passed">How many passed.</param>
/// <param name="Failed">How many failed; a project that crashed, hung or ran nothing counts as one.</param>
/// <param name="Skipped">How many said of themselves that they do not apply.</param>
/// <param name="Failures">Name, message and place of each failure.</param>
/// <param name="Took">How long it ran.</param>
internal sealed record TestOutcome(int Passed, int Failed, int Skipped, IReadOnlyList<string> Failures, TimeSpan Took)
{
    /// <summary>False when it crashed, hung or ran nothing: then no test failed, but there is no saying what they would have said.</summary>
    public bool IsWhole { get; init; } = true;
}

/// <summary>Runs the tests of one built project in a process of their own.</summary>
internal static class TestRun
{
    /// <summary>Far beyond the longest test on a slow machine, in minutes: VSTest ends what hangs longer, and names it.</summary>
    public const int PatienceMinutes = 5;

    // And far beyond the longest project, in case that fails.
    private const int TestsInAProject = 4;

    /// <summary>Runs them; <paramref name="filter"/> is in VSTest's words, or null for all.</summary>
    public static async Task<TestOutcome> RunAsync(TestProject project, string? filter, CancellationToken cancellation, int patienceMinutes = PatienceMinutes)
    {
        var projectMax = TimeSpan.FromMinutes(TestsInAProject * patienceMinutes);
        var clock = Stopwatch.StartNew();
        if (!File.Exists(project.Assembly))
            return Broken(clock, $"{project.Name} is not built: {project.Assembly} is missing. Run ./dev build.");

        var results = Path.Combine(Workspace.Root, "artifacts", "test-results");
        Directory.CreateDirectory(results);
        var trx = Path.Combine(results, $"{project.Name}.trx");
        var log = Path.Combine(results, $"{project.Name}.log");
        File.Delete(trx);
        File.Delete(log);

        // Given an assembly instead of a project, dotnet test does not look at the build again.
        string[] arguments = ["test", project.Assembly, "--logger", $"trx;LogFileName={trx}", "--logger", "console;verbosity=normal", "--blame-hang-timeout", $"{patienceMinutes}m", "--blame-hang-dump-type", "none"];
        var process = LocalProcess.Start(new ProcessLaunch
        {
            Name = project.Name,
            Program = Workspace.Dotnet,
            LogFile = log,
            WorkingFolder = results,
            Arguments = [.. arguments, .. (string[])(filter is null ? [] : ["--filter", filter])],
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["DOTNET_CLI_UI_LANGUAGE"] = "en", ["VSTEST_TESTHOST_SHUTDOWN_TIMEOUT"] = "20000" },
        });
        try
        {
            if (!await Polling.UntilAsync(() => process.HasEnded, projectMax, cancellation))
                return Broken(clock, $"{project.Name} had not ended after {projectMax.TotalMinutes:0} minutes. {process.LogTail()}");
        }
        finally
        {
            await process.StopGroupAsync();
        }

        return Read(trx, process, clock);
    }

    private static TestOutcome Read(string trx, LocalProcess process, Stopwatch clock)
    {
        if (!File.Exists(trx))
            return Broken(clock, $"The test run left no result. {process.LogTail()}");

        var document = new XmlDocument();
        document.Load(trx);
        var names = new XmlNamespaceManager(document.NameTable);
        names.AddNamespace("t", "http://microsoft.com/schemas/VisualStudio/TeamTest/2010");
        var counters = document.SelectSingleNode("//t:ResultSummary/t:Counters", names);
        var (total, passed, executed) = (Count(counters, "total"), Count(counters, "passed"), Count(counters, "executed"));
        var failures = document.SelectNodes("//t:UnitTestResult[@outcome='Failed']", names)!.Cast<XmlElement>()
            .Select(result => Failure(result, names)).ToList();
        var failed = executed - passed;

        // A test host that dies in the middle leaves a result of what it had done.
        if (process.ExitCode != 0 && failed == 0)
            return new TestOutcome(passed, 1, total - executed, [$"The test run ended early, with code {process.ExitCode}. {process.LogTail()}"], clock.Elapsed) { IsWhole = false };

        return total == 0 ? Broken(clock, "It ran no tests.") : new TestOutcome(passed, failed, total - executed, failures, clock.Elapsed);
    }

    private static string Failure(XmlElement result, XmlNamespaceManager names)
    {
        var message = result.SelectSingleNode("t:Output/t:ErrorInfo/t:Message", names)?.InnerText.Trim() ?? "(no message)";
        var place = result.SelectSingleNode("t:Output/t:ErrorInfo/t:StackTrace", names)?.InnerText.TrimEnd() ?? "";
        return $"{result.GetAttribute("testName")}\n{message}\n{place}".TrimEnd();
    }

    private static int Count(XmlNode? counters, string name) => int.Parse(counters?.Attributes?[name]?.Value ?? "0", CultureInfo.InvariantCulture);

    private static TestOutcome Broken(Stopwatch clock, string why) => new(0, 1, 0, [why], clock.Elapsed) { IsWhole = false };
}
