using System.Collections.Concurrent;
using Sotto.Dev.Running;
using Sotto.LocalServers.Processes;

namespace Sotto.Dev.Chaos;

/// <summary>Starts services that have ended again after a moment, as an init system does, and remembers when each ended.</summary>
internal sealed class Supervisor : IAsyncDisposable
{
    private const string CrashVariable = "SOTTO_CRASH_POINT";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(1);

    private readonly SottoSystem _system;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, string> _armed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _runningArmed = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Ended> _ends = [];
    private readonly ConcurrentDictionary<string, ProcessIdentity> _asked = new(StringComparer.Ordinal);
    private readonly Task _loop;

    public Supervisor(SottoSystem system)
    {
        _system = system;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Every end of a process, asked for or not.</summary>
    public IReadOnlyCollection<Ended> Ends => _ends;

    /// <summary>How many instances run at the moment.</summary>
    public int Alive => _system.State.Services.Count(service => service.Process.IsAlive);

    /// <summary>The next run of the instance dies at this place.</summary>
    public void Arm(string label, string place) => _armed[label] = place;

    /// <summary>Instances that run with a place to die at; those that will start with one no longer do.</summary>
    public IReadOnlyCollection<string> Disarm()
    {
        _armed.Clear();
        return [.. _runningArmed.Keys];
    }

    /// <summary>Ends an instance as a crash does, even one that is ending in good order. False when it had ended.</summary>
    public bool Kill(string label)
    {
        var process = Find(label).Process;
        if (!process.IsAlive)
            return false;
        _asked.TryRemove(label, out _);
        _runningArmed.TryRemove(label, out _);
        process.Signal(StopSignal.Kill);
        return true;
    }

    /// <summary>Asks an instance to end in good order, and kills it when it does not. True when it did.</summary>
    public async Task<bool> EndAsync(string label, TimeSpan patience, CancellationToken cancellation)
    {
        var process = Find(label).Process;
        _asked[label] = process;
        process.Signal(StopSignal.Terminate);
        if (await Polling.UntilAsync(() => !process.IsAlive, patience, cancellation))
            return true;
        _asked.TryRemove(label, out _);
        process.Signal(StopSignal.Kill);
        return false;
    }

    /// <summary>The instance, running or not.</summary>
    public RunningProgram Find(string label) => _system.State.Services.First(service => service.Label == label);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var down = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var returns = new List<Task>();
        while (!_stopping.IsCancellationRequested)
        {
            var now = TimeProvider.System.GetUtcNow();
            foreach (var service in _system.State.Services.Where(service => !service.Process.IsAlive))
            {
                if (down.TryAdd(service.Label, now))
                {
                    _runningArmed.TryRemove(service.Label, out var place);
                    _ends.Enqueue(new Ended(service.Label, now, place, _asked.TryRemove(service.Label, out var process) && process == service.Process));
                }
                else if (now - down[service.Label] >= RestartPause)
                {
                    down.Remove(service.Label);
                    Restart(service);
                    returns.Add(AwaitReturnAsync(_ends.Last(end => end.Label == service.Label)));
                }
            }

            await Task.Delay(Look, TimeProvider.System, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(returns);
    }

    // Whoever ends once more before it is ready is back with its next run.
    private async Task AwaitReturnAsync(Ended end)
    {
        while (!_stopping.IsCancellationRequested)
        {
            if (await HttpProbe.IsOkAsync(new Uri(Find(end.Label).Admin!, "/health/ready"), CancellationToken.None))
            {
                end.Return(TimeProvider.System.GetUtcNow());
                return;
            }

            await Task.Delay(Look, TimeProvider.System, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Restart(RunningProgram service)
    {
        if (_armed.TryRemove(service.Label, out var place))
        {
            _runningArmed[service.Label] = place;
            _system.Relaunch(service, [KeyValuePair.Create(CrashVariable, place)]);
        }
        else
        {
            _system.Relaunch(service, []);
        }
    }
}

/// <summary>The end of a process.</summary>
/// <param name="Label">Whose.</param>
/// <param name="At">When it was noticed.</param>
/// <param name="Place">The crash point that it was to die at, if there was one.</param>
/// <param name="IsInGoodOrder">True when it was asked to end and did.</param>
internal sealed record Ended(string Label, DateTimeOffset At, string? Place, bool IsInGoodOrder)
{
    private long _backAt = Never.UtcTicks;

    // Far away, and yet time can be added.
    private static readonly DateTimeOffset Never = new(9999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>When the instance said again that it was ready; far in the future until then.</summary>
    public DateTimeOffset BackAt => new(Interlocked.Read(ref _backAt), TimeSpan.Zero);

    /// <summary>It is ready again.</summary>
    public void Return(DateTimeOffset at) => Interlocked.Exchange(ref _backAt, at.UtcTicks);
}
