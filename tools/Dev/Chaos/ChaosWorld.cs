using System.Collections.Concurrent;
using Npgsql;
using Sotto.Dev.Demo;
using Sotto.Dev.Running;
using Sotto.LocalServers;
using Sotto.LocalServers.Postgres;
using Sotto.LocalServers.RabbitMq;

namespace Sotto.Dev.Chaos;

/// <summary>The whole system, with a handle on everything that can be broken: servers of its own, and for each service wires and a clock of its own.</summary>
internal sealed class ChaosWorld : IAsyncDisposable
{
    /// <summary>The longest time for which a push waits for its next attempt.</summary>
    public const int ParkingSecondsMax = 15;

    /// <summary>After so many minutes of failed attempts a push is given up.</summary>
    public const int RetryMinutesMax = 60;

    private const string DatabaseName = "sotto";

    // What waits for a retry comes back within a run.
    private static readonly Dictionary<string, string> Settings = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Delivery:ParkingSeconds"] = $"1,2,5,{ParkingSecondsMax}",
        ["Delivery:RetryMinutesMax"] = $"{RetryMinutesMax}",
        ["Delivery:RampUpSeconds"] = "5",
        ["Delivery:CredentialPauseSeconds"] = "2",
        ["Swarm:SlowCheckSeconds"] = "5",
    };

    private static readonly TimeSpan RestartPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RestartPause = TimeSpan.FromMilliseconds(500);

    private readonly RunFolder _folder;
    private readonly ServerGuard _guard = new();
    private readonly ConcurrentDictionary<string, ServiceWires> _wires = new(StringComparer.Ordinal);
    private readonly Action<string> _say;
    private SottoSystem? _system;

    private ChaosWorld(string folder, Action<string> say) => (_folder, _say) = (new RunFolder(folder), say);

    public SottoSystem System => _system!;

    public RunState State => System.State;

    public PrivateRabbitMq Broker { get; private set; } = null!;

    public PrivatePostgres Database { get; private set; } = null!;

    /// <summary>The database of the system, not through any wire.</summary>
    public string ConnectionString { get; private set; } = "";

    public SwarmControl Swarm { get; private set; } = null!;

    public string Folder => _folder.Path;

    public static async Task<ChaosWorld> StartAsync(ChaosOptions options, Action<string> say, CancellationToken cancellation)
    {
        var world = new ChaosWorld(options.Folder, say);
        try
        {
            await world.StartAsync(options, cancellation);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>A simulator's control door.</summary>
    public ControlClient Control(string simulator) => ControlClient.Of(State, simulator);

    /// <summary>The wires and the clock of an instance.</summary>
    public ServiceWires WiresOf(string label) => _wires[label];

    /// <summary>Everything is whole again, and every clock right.</summary>
    public void MendWires()
    {
        foreach (var wires in _wires.Values)
            wires.Mend();
    }

    public async Task RestartBrokerAsync(bool kill, CancellationToken cancellation)
    {
        if (kill)
            await Broker.KillAsync();
        else
            await Broker.DisposeAsync();
        Broker = await AgainAsync(() => PrivateRabbitMq.StartAsync(_folder.At("rabbitmq"), Durability.Durable, cancellation), cancellation);
        _guard.Watch(Broker.Handle);
        foreach (var wires in _wires.Values)
            wires.Broker.LeadTo(Broker.Amqp.Port);
    }

    public async Task RestartDatabaseAsync(CancellationToken cancellation)
    {
        await Database.KillAsync();
        // Its children notice a moment later, and until then nobody can take its place.
        Database = await AgainAsync(() => PrivatePostgres.StartAsync(_folder.At("postgres"), Durability.Durable, _say, cancellation), cancellation);
        _guard.Watch(Database.Handle);
        ConnectionString = new NpgsqlConnectionStringBuilder(Database.ConnectionString) { Database = DatabaseName }.ConnectionString;
        foreach (var wires in _wires.Values)
            wires.Database.LeadTo(new NpgsqlConnectionStringBuilder(ConnectionString).Port);
    }

    public async ValueTask DisposeAsync()
    {
        if (_system is not null)
            await _system.DisposeAsync();
        foreach (var wires in _wires.Values)
            await wires.DisposeAsync();
        if (Broker is not null)
            await Broker.KillAsync();
        if (Database is not null)
            await Database.KillAsync();
        _guard.Dispose();
    }

    private async Task StartAsync(ChaosOptions options, CancellationToken cancellation)
    {
        if (Directory.Exists(_folder.Path))
            Directory.Delete(_folder.Path, recursive: true);
        Directory.CreateDirectory(_folder.At("clocks"));
        var broker = PrivateRabbitMq.StartAsync(_folder.At("rabbitmq"), Durability.Durable, cancellation);
        var database = PrivatePostgres.StartAsync(_folder.At("postgres"), Durability.Durable, _say, cancellation);
        await Task.WhenAll(broker, database);
        (Broker, Database) = (await broker, await database);
        _guard.Watch(Broker.Handle);
        _guard.Watch(Database.Handle);
        // Where its ordinary user cannot reach our folder the server keeps its data elsewhere, and a former run's with it.
        await PostgresDatabase.DropAsync(Database.ConnectionString, DatabaseName, cancellation);
        ConnectionString = (await PostgresDatabase.EnsureAsync(Database.ConnectionString, DatabaseName, cancellation)).ConnectionString;

        string[] witness = ["--received-max", $"{Math.Max(10_000, options.Pushes * 3)}"];
        _system = await SottoSystem.StartAsync(
            new SystemPlan
            {
                Folder = _folder.Path,
                RabbitMq = Broker.Amqp,
                Postgres = ConnectionString,
                Scale = FaultPlan.Scale,
                Settings = Settings,
                SimulatorArguments = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase)
                {
                    [SimulatorCatalogue.Swarm] = ["--nodes", $"{FaultPlan.NodesMax}", "--swarms", "2", "--seed", $"{options.Seed & 0xFFFF}"],
                    [SimulatorCatalogue.Apns] = witness,
                    [SimulatorCatalogue.Fcm] = witness,
                    [SimulatorCatalogue.Hms] = witness,
                    [SimulatorCatalogue.WebPush] = witness,
                },
                InstanceSettings = (service, instance) => Wires(service, instance).Settings(Broker.Amqp, ConnectionString, HasDatabase(service)),
                InstanceEnvironment = (service, instance) => Wires(service, instance).Environment,
                Guarded = true,
            },
            _say,
            cancellation);
        Swarm = new SwarmControl(State);
    }

    private static bool HasDatabase(string service) => service is ServiceCatalogue.Api or ServiceCatalogue.Listener or ServiceCatalogue.Encryptor or ServiceCatalogue.Keeper;

    private ServiceWires Wires(string service, int instance)
    {
        var label = instance == 1 ? service : $"{service}-{instance}";
        return _wires.GetOrAdd(label, name => new ServiceWires(Broker.Amqp.Port, new NpgsqlConnectionStringBuilder(ConnectionString).Port, _folder.At("clocks", name)));
    }

    private static async Task<T> AgainAsync<T>(Func<Task<T>> start, CancellationToken cancellation)
    {
        var giveUpAt = TimeProvider.System.GetUtcNow() + RestartPatience;
        while (true)
        {
            try
            {
                return await start();
            }
            catch (LocalServerException) when (TimeProvider.System.GetUtcNow() < giveUpAt)
            {
                await Task.Delay(RestartPause, TimeProvider.System, cancellation);
            }
        }
    }
}
