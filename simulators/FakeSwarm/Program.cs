using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Sotto.FakeSwarm;
using Sotto.FakeSwarm.Control;

const string Usage = """
    FakeSwarm [--nodes 10] [--swarms 2] [--seed 1] [--oxend-port 0] [--oxend-curve-port 0] [--control-port 0]
              [--send-queue-max 10000] [--verify-one-in 1] [--bind 127.0.0.1] [--host 127.0.0.1]

    A simulated storage network: an oxend, with and without CURVE, and storage nodes in swarms.
    Prints one JSON line when it listens; runs until SIGTERM.
    """;
const int WrongUsage = 2;

var values = new Dictionary<string, string>(StringComparer.Ordinal);
if (args.Contains("--help", StringComparer.Ordinal))
{
    Console.WriteLine(Usage);
    return 0;
}

try
{
    for (var i = 0; i < args.Length; i += 2)
        values[args[i]] = i + 1 < args.Length ? args[i + 1] : throw new InvalidDataException($"{args[i]} needs a value.");

    var options = new FakeSwarmOptions
    {
        Nodes = Number("--nodes", 10),
        Swarms = Number("--swarms", 2),
        Seed = Number("--seed", 1),
        OxendPort = Number("--oxend-port", 0),
        OxendCurvePort = Number("--oxend-curve-port", 0),
        SendQueueMax = Number("--send-queue-max", 10_000),
        VerifyOneIn = Number("--verify-one-in", 1),
        Bind = IPAddress.TryParse(Text("--bind", "127.0.0.1"), out var bind) ? bind : throw new InvalidDataException("--bind takes an address."),
        Host = Text("--host", "127.0.0.1"),
    };
    var controlPort = Number("--control-port", 0);
    if (values.Count > 0)
        throw new InvalidDataException($"{values.Keys.First()} is not known.");

    await using var network = await FakeSwarmNetwork.StartAsync(options);
    await using var control = await ControlServer.StartAsync(network, options, controlPort);
    await RunAsync(new
    {
        name = "swarm",
        oxend = network.OxendAddress,
        oxendCurve = network.OxendCurveAddress,
        oxendPublicKey = Convert.ToHexStringLower(network.OxendPublicKey.Span),
        control = control.Endpoint.OriginalString,
        nodes = network.Nodes.Count,
        swarms = network.Swarms.Count,
    });
    return 0;
}
catch (InvalidDataException wrong)
{
    await Console.Error.WriteLineAsync($"{wrong.Message}\n\n{Usage}");
    return WrongUsage;
}
catch (Exception failed) when (failed is IOException or InvalidOperationException)
{
    await Console.Error.WriteLineAsync($"FakeSwarm cannot start: {failed.Message}");
    return 1;
}

string Text(string name, string otherwise) => values.Remove(name, out var text) ? text : otherwise;

int Number(string name, int otherwise) =>
    !values.Remove(name, out var text) ? otherwise
    : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
    : throw new InvalidDataException($"{name} takes a number, not '{text}'.");

static async Task RunAsync(object ready)
{
    var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    await Console.Out.WriteLineAsync(JsonSerializer.Serialize(ready));
    await Console.Out.FlushAsync();
    await stop.Task;

    void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        stop.TrySetResult();
    }
}
