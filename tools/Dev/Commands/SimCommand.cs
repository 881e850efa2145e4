using System.CommandLine;
using System.Diagnostics;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev sim</c>: hands over to <c>tests/Simulation</c>, which knows its own options.</summary>
internal static class SimCommand
{
    public static Command Create() => HandOver("sim", "Play the logic that decides with many seeds, or one again: --seeds N, --seed S, --world NAME, --json FILE.", "Simulation");

    /// <summary>A command that is a program of its own.</summary>
    public static Command HandOver(string name, string description, string program)
    {
        var rest = new Argument<string[]>("options") { Description = "What the program itself takes.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command(name, description) { rest };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, cancellation) => RunAsync(program, [.. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens], cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string program, IReadOnlyList<string> options, CancellationToken cancellation)
    {
        using var process = Process.Start(new ProcessStartInfo(Workspace.Dotnet, [Workspace.Program(program), .. options]))
            ?? throw new DevException($"{program} could not be started.");
        try
        {
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
