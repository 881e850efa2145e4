using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Sotto.LocalServers;
using Sotto.LocalServers.Postgres;
using Sotto.LocalServers.Processes;

namespace Sotto.Dev.Running;

/// <summary>The whole system on this machine: broker, database, simulators and services, each a process of its own, known to one state file.</summary>
public sealed class SottoSystem : IAsyncDisposable
{
    // A service is up in half a second; six of them on a machine that has better things to do may take long.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);

    // What a service needs from outside, such as the list of service nodes, comes soon after, or may not come at all.
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HealthPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ServicePatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SimulatorPatience = TimeSpan.FromSeconds(5);

    // On servers of our own.
    private const string DatabaseName = "sotto";

    private readonly SystemPlan _plan;
    private readonly RunFolder _folder;
    private readonly Action<string> _say;
    private readonly ServerGuard? _guard;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _settings;
    private DevelopmentKeys? _keys;

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
        Change(state => state with { OnionPublicKey = _keys.OnionPublicKey });
        await Task.WhenAll(StartBrokerAsync(cancellation), StartDatabaseAsync(cancellation), StartOutsideAsync(cancellation));

        var services = ServiceCatalogue.All.Where(service => !LeftOut.ContainsKey(service))
            .SelectMany(service => Enumerable.Range(1, _plan.Scale.GetValueOrDefault(service, 1)).Select(instance => (service, instance))).ToList();
        foreach (var (service, reason) in LeftOut)
            _say($"{service} is not started: {reason}.");

        await Task.WhenAll(services.Select(next => StartServiceAsync(next.service, next.instance, cancellation)));
        _say($"{services.Count} services are running.");
    }

    private Dictionary<string, string> LeftOut { get; set; } = [];

    private async Task StartBrokerAsync(CancellationToken cancellation)
    {
        var broker = _plan.RabbitMq is { } given
            ? Servers.GivenBroker(given)
            : await Servers.StartBrokerAsync(_folder.At("rabbitmq"), _plan.Durability, cancellation);
        _guard?.Watch(broker.Handle);
        Change(state => state with { Broker = broker });
        if (State.Run is { } run && _plan.RabbitMq is null && broker.Handle.Kind == "given")
        {
            broker = await DedicatedSpace.OnAsync(broker, run, _say, cancellation);
            Change(state => state with { Broker = broker });
        }

        _say($"RabbitMQ is ready ({broker.Handle.Kind}, {broker.Amqp.Host}:{broker.Amqp.Port}).");
    }

    private async Task StartDatabaseAsync(CancellationToken cancellation)
    {
        var database = _plan.Postgres is { } given
            ? new DatabaseServer(given, ServerHandle.Given)
            : await Servers.StartDatabaseAsync(_folder.At("postgres"), _plan.Durability, _say, cancellation);
        _guard?.Watch(database.Handle);
        Change(state => state with { Database = database });
        if (database.Handle.Kind != "given")
        {
            var own = await PostgresDatabase.EnsureAsync(database.ConnectionString, DatabaseName, cancellation);
            database = database with { ConnectionString = own.ConnectionString };
            Change(state => state with { Database = database });
        }

        if (State.Run is { } run && _plan.Postgres is null && database.Handle.Kind == "given")
        {
            database = await DedicatedSpace.OnAsync(database, run, _say, cancellation);
            Change(state => state with { Database = database });
        }

        _say($"PostgreSQL is ready ({database.Handle.Kind}).");
    }

    private async Task StartOutsideAsync(CancellationToken cancellation)
    {
        if (!_plan.Simulators)
        {
            var (settings, leftOut) = OutsideWorld.Complete(_settings, _folder.Credentials);
            LeftOut = leftOut;
            AddSettings(settings);
            Change(state => state with { TrustedCa = _settings.GetValueOrDefault("Tls:TrustedCa") });
            return;
        }

        var started = await Task.WhenAll(SimulatorCatalogue.All.Select(name => StartSimulatorAsync(name, cancellation)));
        foreach (var simulator in started)
            AddSettings(SimulatorCatalogue.Settings(simulator.Name, simulator.Ready!));

        Change(state => state with { TrustedCa = _settings.GetValueOrDefault("Tls:TrustedCa") });
        _say($"{started.Length} simulators are ready.");
    }

    // What was given by hand stands.
    private void AddSettings(IEnumerable<KeyValuePair<string, string>> settings)
    {
        foreach (var (key, value) in settings)
            _settings.TryAdd(key, value);
    }

    private async Task<RunningProgram> StartSimulatorAsync(string name, CancellationToken cancellation)
    {
        var arguments = SimulatorCatalogue.Arguments(name, _folder.Credentials).Concat(_plan.SimulatorArguments.GetValueOrDefault(name, []));
        var process = Launch(name, name, arguments, []);
        var program = new RunningProgram { Name = name, Instance = 1, Process = process.Identity, LogFile = process.LogFile };
        Change(state => state with { Simulators = [.. state.Simulators, program] });

        JsonObject? ready = null;
        await process.WaitUntilReadyAsync(() => Task.FromResult((ready = ReadyLine(process.LogFile)) is not null), StartPatience, cancellation);
        Change(state => state with { Simulators = [.. state.Simulators.Select(other => other.Name == name ? other with { Ready = ready } : other)] });
        return program with { Ready = ready };
    }

    private async Task<RunningProgram> StartServiceAsync(string service, int instance, CancellationToken cancellation)
    {
        using var admin = FreePorts.Take();
        using var api = service == ServiceCatalogue.Api ? FreePorts.Take() : null;
        var settings = ServiceCatalogue.Settings(
            service, _keys!, State.Broker!.Amqp.OriginalString, State.Database!.ConnectionString, api is null ? "" : $"http://127.0.0.1:{api.Base}");
        settings["Admin:Urls"] = $"http://127.0.0.1:{admin.Base}";
        foreach (var (key, value) in _settings.Where(setting => instance == 1 || !IsApiAddress(setting.Key)))
            settings[key] = value;

        var process = Launch(service, instance == 1 ? service : $"{service}-{instance}", [], settings);
        var program = new RunningProgram
        {
            Name = service, Instance = instance, Process = process.Identity, LogFile = process.LogFile,
            Admin = new Uri(settings["Admin:Urls"]), Api = service == ServiceCatalogue.Api ? Reachable(settings[ApiAddress]) : null,
        };
        Change(state => state with { Services = [.. state.Services, program], Api = state.Api ?? program.Api });
        await process.WaitUntilReadyAsync(() => IsHealthyAsync(program, "/health/live", cancellation), StartPatience, cancellation);
        try
        {
            await process.WaitUntilReadyAsync(() => IsHealthyAsync(program, "/health/ready", cancellation), ReadyPatience, cancellation);
        }
        catch (LocalServerException) when (!_plan.Simulators && program.Process.IsAlive)
        {
            // The outside world is not ours: it may come up later, and the service goes on trying.
            _say($"{program.Label} runs but is not ready, because something outside does not answer yet; ./dev logs {program.Label} says what.");
        }

        return program;
    }

    private static async Task<bool> IsHealthyAsync(RunningProgram program, string path, CancellationToken cancellation)
    {
        if (await HttpProbe.IsOkAsync(new Uri(program.Admin!, path), cancellation))
            return true;

        await Task.Delay(HealthPause, TimeProvider.System, cancellation);
        return false;
    }

    private LocalProcess Launch(string project, string label, IEnumerable<string> arguments, Dictionary<string, string> settings)
    {
        var file = Workspace.Program(project);
        if (!File.Exists(file))
            throw new LocalServerException($"{project} is not built: {file} is missing. Run ./dev build.");

        // Settings travel by environment: it is its owner's alone, while every user of the machine can read a command line.
        var environment = settings.ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), string? (setting) => setting.Value, StringComparer.Ordinal);
        var process = LocalProcess.Start(new ProcessLaunch
        {
            Name = label,
            Program = Workspace.Dotnet,
            Arguments = [file, .. arguments],
            Environment = environment,
            LogFile = Path.Combine(_folder.Logs, $"{label}.log"),
            WorkingFolder = Path.GetDirectoryName(file),
        });
        _guard?.Watch(process.Identity);
        return process;
    }

    private void Change(Func<RunState, RunState> change)
    {
        lock (_gate)
        {
            State = change(State);
            State.Save(_folder.StateFile);
        }
    }

    private static JsonObject? ReadyLine(string log)
    {
        if (!File.Exists(log))
            return null;

        using var stream = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        // A line that is still being written has no end yet.
        var text = reader.ReadToEnd();
        return text.Split('\n').SkipLast(1).FirstOrDefault(line => line.StartsWith('{')) is { } line ? JsonNode.Parse(line)!.AsObject() : null;
    }

    private const string ApiAddress = "Api:Urls";

    // An address that was given by hand can be had by one instance; the others take a free port.
    private static bool IsApiAddress(string key) => key.Equals(ApiAddress, StringComparison.OrdinalIgnoreCase);

    // "Every interface" is no address to connect to.
    private static Uri Reachable(string urls) =>
        new(urls.Split(';')[0].Replace("//*", "//127.0.0.1", StringComparison.Ordinal).Replace("//+", "//127.0.0.1", StringComparison.Ordinal)
            .Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal));
}
