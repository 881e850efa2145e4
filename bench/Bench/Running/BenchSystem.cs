using Sotto.Bench.Measuring;
using Sotto.Dev.Running;
using Sotto.LocalServers;

namespace Sotto.Bench.Running;

/// <summary>A system that is measured: every process known by name, and all of it gone afterwards.</summary>
internal sealed class BenchSystem : IAsyncDisposable
{
    private readonly SottoSystem _system;
    private readonly string _folder;

    private BenchSystem(SottoSystem system, string folder) => (_system, _folder) = (system, folder);

    /// <summary>Addresses and processes.</summary>
    public RunState State => _system.State;

    /// <summary>To start and stop single services.</summary>
    public SottoSystem System => _system;

    /// <summary>The keys that this system's services hold; a bench that fills tables needs their public halves.</summary>
    public DevelopmentKeys Keys => DevelopmentKeys.Ensure(new RunFolder(_folder).Keys);

    /// <summary>Whether broker and database, where there are, are processes that were started for this system.</summary>
    public bool HasOwnServers => State.Broker?.Handle.Processes.Count != 0 && State.Database?.Handle.Processes.Count != 0;

    /// <summary>The database.</summary>
    public string ConnectionString => State.Database!.ConnectionString;

    public static async Task<BenchSystem> StartAsync(SystemPlan plan, CancellationToken cancellation) =>
        new(await SottoSystem.StartAsync(plan, _ => { }, cancellation), plan.Folder);

    /// <summary>Stops and deletes what a run that was killed has left in the folder.</summary>
    public static async Task ClearAsync(string folder, CancellationToken cancellation)
    {
        if (RunState.Load(new RunFolder(folder).StateFile) is { } before)
        {
            await SottoSystem.StopAsync(before, folder, _ => { }, cancellation);
            Delete(before, folder);
        }

        Directory.CreateDirectory(folder);
    }

    /// <summary>
    /// Which processes belong together under which name in figures: each service and simulator (all its instances), <c>broker</c>, <c>database</c>. A server that somebody else
    /// runs is not among them.
    /// </summary>
    public IReadOnlyDictionary<string, int[]> Processes()
    {
        var groups = State.Services.Concat(State.Simulators).GroupBy(program => KeyOf(program.Name), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Select(program => program.Process.Pid).ToArray(), StringComparer.Ordinal);
        Add("broker", State.Broker?.Handle);
        Add("database", State.Database?.Handle);
        return groups;

        void Add(string name, ServerHandle? handle)
        {
            if (handle is { Processes.Count: > 0 })
                groups[name] = [.. handle.Processes.Select(process => process.Identity.Pid)];
        }
    }

    /// <summary>Starts counting processor time.</summary>
    public CpuMeter MeterCpu() => new(Processes());

    /// <summary>Resident bytes of all our own processes: services, not servers and simulators.</summary>
    public long ServiceBytes() => State.Services.Sum(service => ProcessTree.ResidentBytes(service.Process.Pid));

    /// <summary>The same, but pages that several of them share, such as the runtime's own code, count once.</summary>
    public long ServiceBytesTogether() => State.Services.Sum(service => ProcessTree.ProportionalBytes(service.Process.Pid));

    /// <summary>A process's name as part of a figure's: <c>ApnsSender</c> is <c>apns_sender</c>.</summary>
    public static string KeyOf(string program) =>
        string.Concat(program.Select((c, i) => char.IsAsciiLetterUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : char.ToLowerInvariant(c).ToString()));

    public async ValueTask DisposeAsync()
    {
        var state = State;
        await _system.DisposeAsync();
        Delete(state, _folder);
    }

    // PostgreSQL's data may lie elsewhere; its log lies beside it.
    private static void Delete(RunState state, string folder)
    {
        if (state.Database?.Handle is { Kind: "private", LogFile: { } log } && Path.GetDirectoryName(log) is { } data && Directory.Exists(data))
            Directory.Delete(data, recursive: true);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }
}
