using System.Diagnostics;
using System.Text;

namespace Cli.Tests.Support;

/// <summary>The command as a process of its own, which can be killed.</summary>
internal sealed class SottoProcess : IDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(200);

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private SottoProcess(Process process) => _process = process;

    public bool HasEnded => _process.HasExited;

    public static SottoProcess Start(params IEnumerable<string> typed)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (IEnumerable<string>)[typeof(Sotto.Cli.Servers).Assembly.Location, .. typed])
            start.ArgumentList.Add(argument);
        var sotto = new SottoProcess(Process.Start(start)!);
        sotto._process.ErrorDataReceived += (_, line) => TestContext.Progress.WriteLine(line.Data);
        sotto._process.OutputDataReceived += (_, line) => sotto._output.AppendLine(line.Data);
        sotto._process.BeginErrorReadLine();
        sotto._process.BeginOutputReadLine();
        return sotto;
    }

    /// <summary>SIGKILL, and until it is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Until it ends by itself.</summary>
    public async Task<(int ExitCode, string Output, TimeSpan Cpu)> EndAsync(CancellationToken cancellationToken)
    {
        var cpu = TimeSpan.Zero;
        var ended = _process.WaitForExitAsync(cancellationToken);
        while (!ended.IsCompleted)
        {
            cpu = CpuOr(cpu);
            await Task.WhenAny(ended, Task.Delay(Glance, TimeProvider.System, cancellationToken));
        }

        await ended;
        return (_process.ExitCode, _output.ToString(), cpu);
    }

    // It can be asked only of a process that lives.
    private TimeSpan CpuOr(TimeSpan before)
    {
        try
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
        catch (InvalidOperationException)
        {
            return before;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
