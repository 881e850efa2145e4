using System.Globalization;
using Sotto.Bench.Measuring;
using Sotto.Bench.Running;
using Sotto.Dev.Running;
using Sotto.LocalServers.Processes;

namespace Sotto.Bench.Swarm;

/// <summary>The one listener of a system: starting it, killing it, and reading its counters.</summary>
internal sealed class ListenerProbe(BenchSystem system)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private RunningProgram Program => system.State.Services.Single(service => service.Name == ServiceCatalogue.Listener);

    /// <summary>Resident bytes now.</summary>
    public long ResidentBytes => ProcessTree.ResidentBytes(Program.Process.Pid);

    /// <summary>Of these, what is no file's content: code and libraries on disk are left out.</summary>
    public long AnonymousBytes
    {
        get
        {
            const string Label = "RssAnon:";
            var line = File.ReadLines($"/proc/{Program.Process.Pid}/status").First(line => line.StartsWith(Label, StringComparison.Ordinal));
            return 1024 * long.Parse(line[Label.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Processor time so far.</summary>
    public TimeSpan Cpu => TimeSpan.FromMicroseconds(ProcessTree.CpuMicroseconds([Program.Process.Pid]));

    /// <summary>kill -9.</summary>
    public Task KillAsync(CancellationToken cancellation) => system.System.StopServiceAsync(Program, StopSignal.Kill, cancellation);

    /// <summary>Starts it; returns as soon as that has begun, with the instant, and a task that ends when it says that it is ready.</summary>
    public (DateTimeOffset At, Task Ready) Start(CancellationToken cancellation)
    {
        var at = TimeProvider.System.GetUtcNow();
        return (at, system.System.StartServiceAsync(ServiceCatalogue.Listener, cancellation));
    }

    /// <summary>A counter or gauge; with several labels, their sum over those whose label contains <paramref name="label"/>.</summary>
    public async Task<double> ReadAsync(string name, string label, CancellationToken cancellation)
    {
        var text = await HttpProbe.GetAsync(new Uri(Program.Admin!, "/metrics"), cancellation)
            ?? throw new BenchException("The listener did not show its metrics.");
        return text.Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is ' ' or '{' && line.Contains(label, StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    /// <summary>Waits for a condition that is cheap to look at.</summary>
    /// <exception cref="BenchException">It did not come true in time.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan patience, string what, CancellationToken cancellation)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(begun) > patience)
                throw new BenchException($"It did not come true within {patience.TotalSeconds:0} s that {what}.");
            await Task.Delay(Pause, TimeProvider.System, cancellation);
        }
    }
}
