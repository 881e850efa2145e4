using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Sotto.Access;
using Sotto.LocalServers;
using Sotto.LocalServers.Processes;

namespace Sotto.Dev.Running;

/// <summary>The whole system on this machine: broker, database, simulators and services, each a process of its own, known to one state file.</summary>
public sealed partial class SottoSystem : IAsyncDisposable
{
    private static readonly TimeSpan ServicePatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SimulatorPatience = TimeSpan.FromSeconds(5);

    private readonly SystemPlan _plan;
    private readonly RunFolder _folder;
    private readonly Action<string> _say;
    private readonly ServerGuard? _guard;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _settings;
    private readonly ConcurrentDictionary<string, Dictionary<string, string>> _launched = new(StringComparer.Ordinal);
    private DevelopmentKeys? _keys;
    private IReadOnlyDictionary<string, ServiceCredentials> _accounts = new Dictionary<string, ServiceCredentials>(StringComparer.Ordinal);

    private SottoSystem(SystemPlan plan, Action<string> say)
    {
        _plan = plan;
        _say = say;
        _folder = new RunFolder(plan.Folder);
        _guard = plan.Guarded ? new ServerGuard() : null;
        _settings = new Dictionary<string, string>(plan.Settings, StringComparer.OrdinalIgnoreCase);
        State = new RunState
        {
            StartedAt = TimeProvider.System.GetUtcNow(),
            Run = plan.Durability == Durability.Throwaway ? RandomNumberGenerator.GetHexString(12, lowercase: true) : null,
        };
    }

    /// <summary>What runs, with every address.</summary>
    public RunState State { get; private set; }

    /// <summary>Starts everything and waits until every service is ready. What was started is stopped again if anything fails.</summary>
    /// <param name="plan">What to start.</param>
    /// <param name="say">Told of progress, a line at a time.</param>
    /// <param name="cancellation">Gives up, and stops what was started.</param>
    public static async Task<SottoSystem> StartAsync(SystemPlan plan, Action<string> say, CancellationToken cancellation)
    {
        var system = new SottoSystem(plan, say);
        try
        {
            await system.StartAsync(cancellation);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops a system that this or another process started, and forgets it.</summary>
    public static async Task StopAsync(RunState state, string folder, Action<string> say, CancellationToken cancellation)
    {
        await Task.WhenAll(state.Services.Select(service => service.Process.StopAsync(ServicePatience, cancellation: cancellation)));
        say($"Stopped {state.Services.Count} services.");
        await Task.WhenAll(state.Simulators.Select(simulator => simulator.Process.StopAsync(SimulatorPatience, cancellation: cancellation)));
        await DedicatedSpace.DeleteAsync(state, say);
        var servers = new[] { state.Broker?.Handle, state.Database?.Handle }.OfType<ServerHandle>().ToList();
        await Task.WhenAll(servers.Select(server => server.StopAsync(cancellation)));
        File.Delete(new RunFolder(folder).StateFile);
        say(servers.Exists(server => server.Kind != "given") ? "Stopped simulators, broker and database." : "Stopped simulators.");
    }

    /// <summary>Starts one more instance of a service, and waits until it is ready.</summary>
    public async Task<RunningProgram> StartServiceAsync(string service, CancellationToken cancellation)
    {
        var instance = State.Services.Where(program => program.Name == service).Select(program => program.Instance).DefaultIfEmpty(0).Max() + 1;
        return await StartServiceAsync(service, instance, cancellation);
    }

    /// <summary>Ends one instance of a service: <see cref="StopSignal.Kill"/> as in a crash, <see cref="StopSignal.Terminate"/> in good order.</summary>
    public async Task StopServiceAsync(RunningProgram service, StopSignal signal, CancellationToken cancellation)
    {
        await service.Process.StopAsync(ServicePatience, signal, cancellation);
        Change(state => state with { Services = [.. state.Services.Where(other => other.Process != service.Process)] });
    }

    /// <summary>Starts an instance that has ended once more, as it was and with the same addresses; does not wait until it is ready.</summary>
    /// <param name="ended">Which.</param>
    /// <param name="environment">For this run of it alone.</param>
    public RunningProgram Relaunch(RunningProgram ended, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var process = Launch(ended.Name, ended.Label, [], _launched[ended.Label], _plan.InstanceEnvironment(ended.Name, ended.Instance).Concat(environment));
        var program = ended with { Process = process.Identity };
        Change(state => state with { Services = [.. state.Services.Select(other => other.Label == ended.Label ? program : other)] });
        return program;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(State, _plan.Folder, _ => { }, CancellationToken.None);
        _guard?.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(_folder.Logs);
        foreach (var old in Directory.GetFiles(_folder.Logs, "*.log"))
            File.Delete(old);

        _keys = DevelopmentKeys.Ensure(_folder.Keys);
        ClientFacts.Write(_keys.PublicFolder, _folder.Credentials);
        Change(state => state with { OnionPublicKey = _keys.OnionPublicKey });
        await AllOrNoneAsync([StartBrokerAsync, StartDatabaseAsync, StartOutsideAsync], cancellation);
        _accounts = await ServiceAccounts.MakeAsync(State, _say, cancellation);

        var services = ServiceCatalogue.All.Where(service => !LeftOut.ContainsKey(service))
            .SelectMany(service => Enumerable.Range(1, Instances(service)).Select(instance => (service, instance))).ToList();
        foreach (var (service, reason) in LeftOut)
            _say($"{service} is not started: {reason}.");

        await AllOrNoneAsync(services.Select(next => (Func<CancellationToken, Task>)(stop => StartServiceAsync(next.service, next.instance, stop))), cancellation);
        _say($"{services.Count} services are running.");
    }

    private int Instances(string service) => _plan.Scale.GetValueOrDefault(service, ServiceCatalogue.InstancesByDefault(service));

    private Dictionary<string, string> LeftOut { get; set; } = [];

    // When one fails, there is no use in waiting for the others; what is thrown is the reason, not that others were told to stop.
    private static async Task AllOrNoneAsync(IEnumerable<Func<CancellationToken, Task>> starts, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var reasons = new ConcurrentQueue<Exception>();
        await Task.WhenAll(starts.Select(async start =>
        {
            try
            {
                await start(stop.Token);
            }
            catch (Exception e)
            {
                reasons.Enqueue(e);
                await stop.CancelAsync();
            }
        }));
        if (reasons.TryPeek(out var first))
            ExceptionDispatchInfo.Throw(first);
    }

    private void Change(Func<RunState, RunState> change)
    {
        lock (_gate)
        {
            State = change(State);
            State.Save(_folder.StateFile);
        }
    }
}
