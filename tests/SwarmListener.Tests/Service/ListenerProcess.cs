using System.Diagnostics;

namespace SwarmListener.Tests.Service;

/// <summary>The real service in a process of its own, which can be killed.</summary>
internal sealed class ListenerProcess : IDisposable
{
    private readonly Process _process;

    private ListenerProcess(Process process) => _process = process;

    public static ListenerProcess Start(IEnumerable<string> settings)
    {
        var dll = typeof(ListenerProgram).Assembly.Location;
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (IEnumerable<string>)[dll, .. settings])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => TestContext.Progress.WriteLine(line.Data);
        process.ErrorDataReceived += (_, line) => TestContext.Progress.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ListenerProcess(process);
    }

    /// <summary>The most memory that it has had, as the kernel counts it.</summary>
    public long PeakBytes
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
