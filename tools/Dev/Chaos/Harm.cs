using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;
using Sotto.Dev.Running;
using Sotto.LocalServers.Processes;

namespace Sotto.Dev.Chaos;

/// <summary>Does what the plan says, each thing at its time, undoes it, and writes down what was done when.</summary>
internal sealed class Harm(ChaosWorld world, Supervisor supervisor) : IDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan CrashPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan UpPatience = TimeSpan.FromSeconds(20);
    private const int ConnectionsMax = 500;
    private const int BadRequests = 3;
    private const long DiskFreeEverything = 1L << 60;

    private readonly SemaphoreSlim _broker = new(1, 1);
    private readonly SemaphoreSlim _database = new(1, 1);
    private readonly ConcurrentQueue<DoneFault> _done = [];
    private readonly ConcurrentDictionary<string, bool> _present = new(StringComparer.Ordinal);

    /// <summary>What was done, in the order in which it was over.</summary>
    public IReadOnlyCollection<DoneFault> Done => _done;

    /// <summary>What is being done at the moment.</summary>
    public string Present => string.Join(", ", _present.Keys);

    /// <summary>Works the plan off within the time, and returns when everything is undone.</summary>
    public async Task DoAsync(IReadOnlyList<PlannedFault> plan, TimeSpan time, CancellationToken cancellation)
    {
        var begun = TimeProvider.System.GetTimestamp();
        var works = new List<Task>();
        foreach (var fault in plan)
        {
            var ahead = time * fault.At - TimeProvider.System.GetElapsedTime(begun);
            if (ahead > TimeSpan.Zero)
                await Task.Delay(ahead, TimeProvider.System, cancellation);
            works.Add(DoAsync(fault, cancellation));
        }

        await Task.WhenAll(works);
        await RestoreAsync(cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _broker.Dispose();
        _database.Dispose();
    }

    private async Task DoAsync(PlannedFault fault, CancellationToken cancellation)
    {
        var what = $"{fault.Kind} {fault.Target} {fault.Detail}".TrimEnd();
        var from = TimeProvider.System.GetUtcNow();
        _present[what] = true;
        var (note, outcome) = ("", FaultOutcome.Done);
        try
        {
            note = await DoItAsync(fault, cancellation);
        }
        catch (NotDoneException e)
        {
            (note, outcome) = (e.Message, FaultOutcome.NotDone);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            (note, outcome) = ($"broken off: {e.Message}", FaultOutcome.BrokenOff);
        }

        _present.TryRemove(what, out _);
        _done.Enqueue(new DoneFault(fault, from, TimeProvider.System.GetUtcNow(), outcome, note));
    }

    private Task<string> DoItAsync(PlannedFault fault, CancellationToken cancellation) => fault.Kind switch
    {
        FaultKind.Kill => KillAsync(fault, cancellation),
        FaultKind.Terminate => TerminateAsync(fault, cancellation),
        FaultKind.CrashPoint => CrashAsync(fault, cancellation),
        FaultKind.Pause => PauseAsync(fault, cancellation),
        FaultKind.BrokerRestart => AloneAsync(_broker, () => world.RestartBrokerAsync(kill: false, cancellation), cancellation),
        FaultKind.BrokerKill => AloneAsync(_broker, () => world.RestartBrokerAsync(kill: true, cancellation), cancellation),
        FaultKind.BrokerDisconnect => AloneAsync(_broker, () => DisconnectAsync(cancellation), cancellation),
        FaultKind.MemoryAlarm => AloneAsync(_broker, () => AlarmAsync(fault, ["set_vm_memory_high_watermark", "absolute", "10MB"], ["set_vm_memory_high_watermark", "absolute", "2GB"], cancellation), cancellation),
        FaultKind.DiskAlarm => AloneAsync(
            _broker, () => AlarmAsync(fault, ["set_disk_free_limit", DiskFreeEverything.ToString(CultureInfo.InvariantCulture)], ["set_disk_free_limit", "200MB"], cancellation), cancellation),
        FaultKind.DatabaseKill => AloneAsync(_database, () => world.RestartDatabaseAsync(cancellation), cancellation),
        FaultKind.DatabaseFull => AloneAsync(_database, () => FillDatabaseAsync(fault, cancellation), cancellation),
        FaultKind.WireCut => WireAsync(fault, wires => { wires.Broker.Cut(); wires.Database.Cut(); }, cancellation),
        FaultKind.WireSwallow => WireAsync(fault, wires => wires.Broker.Swallow(), cancellation),
        FaultKind.WireSlow => WireAsync(fault, wires => wires.Broker.Slow(TimeSpan.FromMilliseconds(Number(fault))), cancellation),
        FaultKind.ProviderBusy or FaultKind.ProviderOutage or FaultKind.ProviderLostAnswer or FaultKind.ProviderSlow => ProviderAsync(fault, cancellation),
        FaultKind.NodeChurn => new NodeChurn(world).DoAsync(fault, cancellation),
        _ => ClockAsync(fault, cancellation),
    };

    /// <summary>The number that the detail of some faults is.</summary>
    public static int Number(PlannedFault fault) => int.Parse(fault.Detail, CultureInfo.InvariantCulture);

    // Who is down at that moment is waited for: nothing can be done to it.
    private static async Task WhenUpAsync(Func<bool> isUp, CancellationToken cancellation)
    {
        if (!await Polling.UntilAsync(isUp, UpPatience, cancellation))
            throw new NotDoneException("it stayed down");
    }

    private async Task<string> KillAsync(PlannedFault fault, CancellationToken cancellation)
    {
        await WhenUpAsync(() => supervisor.Kill(fault.Target), cancellation);
        return "";
    }

    private async Task<string> TerminateAsync(PlannedFault fault, CancellationToken cancellation)
    {
        await WhenUpAsync(() => supervisor.Find(fault.Target).Process.IsAlive, cancellation);
        return await supervisor.EndAsync(fault.Target, StopPatience, cancellation) ? "" : "killed: it did not end in time";
    }

    private async Task<string> CrashAsync(PlannedFault fault, CancellationToken cancellation)
    {
        var armedAt = TimeProvider.System.GetUtcNow();
        supervisor.Arm(fault.Target, fault.Detail);
        await TerminateAsync(fault, cancellation);
        if (await Polling.UntilAsync(() => supervisor.Ends.Any(end => end.Label == fault.Target && end.Place == fault.Detail && end.At >= armedAt && !end.IsInGoodOrder), CrashPatience, cancellation))
            return "";
        await KillAsync(fault, cancellation);
        return "the place was not passed so often: killed where it was";
    }

    private async Task<string> PauseAsync(PlannedFault fault, CancellationToken cancellation)
    {
        await WhenUpAsync(() => supervisor.Find(fault.Target).Process.IsAlive, cancellation);
        var process = supervisor.Find(fault.Target).Process;
        process.Signal(StopSignal.Pause);
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(fault.Seconds), TimeProvider.System, cancellation);
        }
        finally
        {
            process.Signal(StopSignal.Continue);
        }

        return "";
    }

    private static async Task<string> AloneAsync(SemaphoreSlim gate, Func<Task> work, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            await work();
            return "";
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task DisconnectAsync(CancellationToken cancellation)
    {
        var management = world.Broker.Management;
        var names = (await AskBrokerAsync(management, HttpMethod.Get, "/api/connections", cancellation))!.AsArray().Select(connection => connection!["name"]!.GetValue<string>());
        foreach (var name in names)
            await AskBrokerAsync(management, HttpMethod.Delete, $"/api/connections/{Uri.EscapeDataString(name)}", cancellation);
    }

    private static async Task<JsonNode?> AskBrokerAsync(Uri management, HttpMethod method, string path, CancellationToken cancellation)
    {
        var (status, body) = await Management.AskAsync(management, method, path, order: null, cancellation);
        return status == 200 ? JsonNode.Parse(body) : null;
    }

    private async Task AlarmAsync(PlannedFault fault, string[] raise, string[] clear, CancellationToken cancellation)
    {
        if (!await world.Broker.OrderAsync(cancellation, raise))
            throw new DevException("the broker did not take the order");
        await Task.Delay(TimeSpan.FromSeconds(fault.Seconds), TimeProvider.System, cancellation);
        if (!await world.Broker.OrderAsync(cancellation, clear))
            throw new DevException("the broker did not take the order back");
    }

    private async Task FillDatabaseAsync(PlannedFault fault, CancellationToken cancellation)
    {
        var settings = new NpgsqlConnectionStringBuilder(world.ConnectionString) { Pooling = false, ApplicationName = "chaos" };
        var held = new List<NpgsqlConnection>();
        try
        {
            while (held.Count < ConnectionsMax)
            {
                var connection = new NpgsqlConnection(settings.ConnectionString);
                held.Add(connection);
                await connection.OpenAsync(cancellation);
            }
        }
        catch (NpgsqlException)
        {
            // That was the last one. Connections that the services have stay; whoever needs one more gets none.
        }

        try
        {
            await Task.Delay(TimeSpan.FromSeconds(fault.Seconds), TimeProvider.System, cancellation);
        }
        finally
        {
            foreach (var connection in held)
                await connection.DisposeAsync();
        }
    }

    private async Task<string> WireAsync(PlannedFault fault, Action<ServiceWires> bend, CancellationToken cancellation)
    {
        var wires = world.WiresOf(fault.Target);
        bend(wires);
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(fault.Seconds), TimeProvider.System, cancellation);
        }
        finally
        {
            wires.Broker.Mend();
            wires.Database.Mend();
        }

        return "";
    }

    private async Task<string> ClockAsync(PlannedFault fault, CancellationToken cancellation)
    {
        var wires = world.WiresOf(fault.Target);
        wires.StepClock(TimeSpan.FromSeconds(Number(fault)));
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(fault.Seconds), TimeProvider.System, cancellation);
        }
        finally
        {
            wires.StepClock(TimeSpan.Zero);
        }

        return "";
    }

    private async Task<string> ProviderAsync(PlannedFault fault, CancellationToken cancellation)
    {
        var milliseconds = (int)(fault.Seconds * 1000);
        var order = fault.Kind switch
        {
            FaultKind.ProviderBusy => new JsonObject { ["kind"] = "answer", ["status"] = 429, ["retryAfter"] = fault.Detail, ["count"] = 0, ["forMs"] = milliseconds },
            FaultKind.ProviderLostAnswer => new JsonObject { ["kind"] = "lost-answer", ["count"] = Number(fault) },
            FaultKind.ProviderSlow => new JsonObject { ["kind"] = "delay", ["delayMs"] = Number(fault), ["count"] = 0, ["forMs"] = milliseconds },
            // What is wrong with a few requests says nothing of their devices.
            _ when fault.Detail == "400" => new JsonObject { ["kind"] = "answer", ["status"] = 400, ["body"] = BadRequest(fault.Target), ["count"] = BadRequests },
            _ when char.IsAsciiDigit(fault.Detail[0]) => new JsonObject { ["kind"] = "answer", ["status"] = Number(fault), ["count"] = 0, ["forMs"] = milliseconds },
            _ => new JsonObject { ["kind"] = fault.Detail, ["count"] = 0, ["forMs"] = milliseconds },
        };
        await world.Control(fault.Target).PostAsync("/faults", order, cancellation);
        await Task.Delay(TimeSpan.FromSeconds(fault.Seconds), TimeProvider.System, cancellation);
        return "";
    }

    private static string BadRequest(string simulator) => simulator switch
    {
        SimulatorCatalogue.Apns => """{"reason":"BadPriority"}""",
        SimulatorCatalogue.Fcm => """{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"bad"}}""",
        SimulatorCatalogue.Hms => """{"code":"80100003","msg":"bad","requestId":"1"}""",
        _ => "",
    };

    private async Task RestoreAsync(CancellationToken cancellation)
    {
        foreach (var service in world.State.Services)
            service.Process.Signal(StopSignal.Continue);
        foreach (var label in supervisor.Disarm())
            await supervisor.EndAsync(label, StopPatience, cancellation);
        world.MendWires();
        foreach (var simulator in ProviderWitness.Simulators)
            await EventuallyAsync(() => world.Control(simulator).DeleteAsync("/faults", cancellation), cancellation);
        await new NodeChurn(world).RestoreAsync(cancellation);
    }

    private static async Task EventuallyAsync(Func<Task> order, CancellationToken cancellation)
    {
        const int TriesMax = 5;
        for (var i = 1; ; i++)
        {
            try
            {
                await order();
                return;
            }
            catch (DevException) when (i < TriesMax && !cancellation.IsCancellationRequested)
            {
                // Busy.
            }
        }
    }
}

/// <summary>What was done.</summary>
/// <param name="Fault">As planned.</param>
/// <param name="From">When it began.</param>
/// <param name="Until">When it was undone.</param>
/// <param name="Outcome">Whether it was done.</param>
/// <param name="Note">What was otherwise than planned; empty when nothing was.</param>
internal sealed record DoneFault(PlannedFault Fault, DateTimeOffset From, DateTimeOffset Until, FaultOutcome Outcome, string Note);

/// <summary>Whether what was planned was done.</summary>
internal enum FaultOutcome
{
    /// <summary>It was.</summary>
    Done,

    /// <summary>It failed, and nobody knows how far it had come: it does not count as done, and may have done harm.</summary>
    BrokenOff,

    /// <summary>Nothing was done.</summary>
    NotDone,
}

/// <summary>Nothing could be done.</summary>
internal sealed class NotDoneException(string message) : Exception(message);
