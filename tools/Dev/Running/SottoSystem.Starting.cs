using System.Text.Json.Nodes;
using Sotto.LocalServers;
using Sotto.LocalServers.Postgres;
using Sotto.LocalServers.Processes;

namespace Sotto.Dev.Running;

/// <content>How each part is started.</content>
public sealed partial class SottoSystem
{
    // A service is up in half a second; six of them on a machine that has better things to do may take long.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);

    // What a service needs from outside, such as the list of service nodes, comes soon after, or may not come at all.
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HealthPause = TimeSpan.FromMilliseconds(100);

    // On servers of our own.
    private const string DatabaseName = "sotto";
    private const string ApiAddress = "Api:Urls";

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
        var (broker, database) = (State.Broker!.Amqp, State.Database!.ConnectionString);
        var account = _accounts.GetValueOrDefault(service);
        var settings = ServiceCatalogue.Settings(
            service, _keys!, _folder.Credentials, (account?.Broker(broker) ?? broker).OriginalString, account?.Database(database) ?? database,
            api is null ? "" : $"http://127.0.0.1:{api.Base}");
        if (account is not null)
            settings["Bus:Topology"] = "Given";
        settings["Admin:Urls"] = $"http://127.0.0.1:{admin.Base}";
        foreach (var (key, value) in _settings.Where(setting => instance == 1 || !IsApiAddress(setting.Key)))
            settings[key] = value;
        foreach (var (key, value) in _plan.InstanceSettings(service, instance))
            settings[key] = value;

        var label = instance == 1 ? service : $"{service}-{instance}";
        _launched[label] = settings;
        var process = Launch(service, label, [], settings, _plan.InstanceEnvironment(service, instance));
        var program = new RunningProgram
        {
            Name = service,
            Instance = instance,
            Process = process.Identity,
            LogFile = process.LogFile,
            Admin = new Uri(settings["Admin:Urls"]),
            Api = service == ServiceCatalogue.Api ? Reachable(settings[ApiAddress]) : null,
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

    private LocalProcess Launch(
        string project, string label, IEnumerable<string> arguments, Dictionary<string, string> settings, IEnumerable<KeyValuePair<string, string>>? more = null)
    {
        var file = Workspace.Program(project);
        if (!File.Exists(file))
            throw new LocalServerException($"{project} is not built: {file} is missing. Run ./dev build.");

        // Settings travel by environment: it is its owner's alone, while every user of the machine can read a command line.
        var environment = settings.ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), string? (setting) => setting.Value, StringComparer.Ordinal);
        foreach (var (name, value) in more ?? [])
            environment[name] = value;
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

    // An address that was given by hand can be had by one instance; the others take a free port.
    private static bool IsApiAddress(string key) => key.Equals(ApiAddress, StringComparison.OrdinalIgnoreCase);

    // "Every interface" is no address to connect to.
    private static Uri Reachable(string urls) =>
        new(urls.Split(';')[0].Replace("//*", "//127.0.0.1", StringComparison.Ordinal).Replace("//+", "//127.0.0.1", StringComparison.Ordinal)
            .Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal));
}
