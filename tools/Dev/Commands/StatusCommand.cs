using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sotto.Dev.Running;
using Sotto.LocalServers;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev status</c></summary>
internal static class StatusCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print it for programs. Broker and database addresses hold passwords." };
        var command = new Command("status", "Show every address in use. Exit code 0: everything runs; 3: nothing or not everything does.") { json };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(json)));
        return command;
    }

    /// <summary>Writes the state for a person.</summary>
    public static async Task WriteAsync(RunState state, TextWriter output)
    {
        await output.WriteLineAsync($"""

            API         {state.Api}
            onion key   {state.OnionPublicKey}
            broker      {state.Broker?.Amqp}
            management  {state.Broker?.Management}
            database    {state.Database?.ConnectionString}

            """);
        foreach (var service in InOrder(state))
            await output.WriteLineAsync($"{Word(service)}  {service.Label,-18} pid {service.Process.Pid,-8} {service.Admin}metrics  {Relative(service.LogFile)}");

        foreach (var simulator in state.Simulators)
            await output.WriteLineAsync($"{Word(simulator)}  {simulator.Label,-18} pid {simulator.Process.Pid,-8} control {simulator.Ready?["control"]}  {Relative(simulator.LogFile)}");
    }

    private static async Task<int> RunAsync(bool json)
    {
        var up = RunState.Load(RunFolder.Up.StateFile);
        var state = up ?? RunState.Load(RunFolder.Demo.StateFile);
        var running = state is not null && state.Services.Count > 0 && Programs(state).All(program => program.Process.IsAlive) && ServersAlive(state);
        if (json)
            await Console.Out.WriteLineAsync(ToJson(state, up is not null, running).ToJsonString(Indented));
        else if (state is null)
            await Console.Out.WriteLineAsync("Nothing is running; ./dev up starts the system.");
        else
            await WriteAsync(state, Console.Out);

        return running ? 0 : 3;
    }

    private static JsonObject ToJson(RunState? state, bool up, bool running) => state is null
        ? new JsonObject { ["running"] = false }
        : new JsonObject
        {
            ["running"] = running,
            ["run"] = up ? "up" : "demo",
            ["startedAt"] = state.StartedAt,
            ["api"] = new JsonObject { ["url"] = state.Api?.ToString().TrimEnd('/'), ["onionPublicKey"] = state.OnionPublicKey },
            ["broker"] = Server(state.Broker?.Handle, ("amqp", state.Broker?.Amqp.OriginalString), ("management", state.Broker?.Management?.OriginalString)),
            ["database"] = Server(state.Database?.Handle, ("connectionString", state.Database?.ConnectionString)),
            ["trustedCa"] = state.TrustedCa,
            ["services"] = new JsonArray([.. InOrder(state).Select(Service)]),
            ["simulators"] = new JsonArray([.. state.Simulators.Select(Simulator)]),
        };

    private static JsonObject Service(RunningProgram service)
    {
        var json = new JsonObject
        {
            ["name"] = service.Name,
            ["instance"] = service.Instance,
            ["pid"] = service.Process.Pid,
            ["running"] = service.Process.IsAlive,
            ["log"] = service.LogFile,
            ["health"] = new Uri(service.Admin!, "/health/ready").ToString(),
            ["metrics"] = new Uri(service.Admin!, "/metrics").ToString(),
        };
        if (service.Api is not null)
            json["api"] = service.Api.ToString().TrimEnd('/');

        return json;
    }

    private static JsonObject Simulator(RunningProgram simulator)
    {
        var json = new JsonObject { ["name"] = simulator.Name, ["pid"] = simulator.Process.Pid, ["running"] = simulator.Process.IsAlive, ["log"] = simulator.LogFile };
        if (simulator.Ready is { } ready)
        {
            // The port comes by its own name too: it is what most readers want.
            if (SimulatorCatalogue.Address(ready) is { } address)
                json["port"] = address.Port;

            json["control"] = ready["control"]?.DeepClone();
            json["ready"] = ready.DeepClone();
        }

        return json;
    }

    private static JsonObject? Server(ServerHandle? handle, params ReadOnlySpan<(string Name, string? Value)> addresses)
    {
        if (handle is null)
            return null;

        var json = new JsonObject { ["kind"] = handle.Kind };
        foreach (var (name, value) in addresses)
            json[name] = value;

        if (handle.Processes is [var process, ..])
            json["pid"] = process.Identity.Pid;

        json["container"] = handle.Container;
        json["log"] = handle.LogFile;
        return json;
    }

    private static bool ServersAlive(RunState state) => state is { Broker.Handle.ProcessesAlive: true, Database.Handle.ProcessesAlive: true };

    private static IEnumerable<RunningProgram> Programs(RunState state) => state.Services.Concat(state.Simulators);

    private static IEnumerable<RunningProgram> InOrder(RunState state) =>
        state.Services.OrderBy(service => ServiceCatalogue.All.ToList().IndexOf(service.Name)).ThenBy(service => service.Instance);

    private static string Word(RunningProgram program) => program.Process.IsAlive ? "runs  " : "ENDED ";

    private static string Relative(string path) => Path.GetRelativePath(Environment.CurrentDirectory, path) is { } near && near.Length < path.Length ? near : path;
}
