using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Sotto.FakeProvider;

/// <summary>A simulator as a program: reads its command line, prints one JSON line when it listens, runs until it is told to stop.</summary>
public static class SimulatorProgram
{
    private const int WrongUsage = 2;

    /// <summary>Runs a simulator.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="usage">What <c>--help</c> prints.</param>
    /// <param name="startAsync">Starts the simulator with what the command line says; gives it and the JSON line's own fields.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        string[] arguments, string usage, Func<CommandLine, CredentialsFolder, Task<(ProviderSimulator Simulator, object Ready)>> startAsync)
    {
        if (arguments.Contains("--help"))
        {
            await Console.Out.WriteLineAsync(usage);
            return 0;
        }

        try
        {
            var line = CommandLine.Parse(arguments);
            var (simulator, ready) = await startAsync(line, new(line.Required("--credentials-folder")));
            await using (simulator)
            {
                await UntilStoppedAsync(ready);
            }

            return 0;
        }
        catch (CommandLineException wrong)
        {
            await Console.Error.WriteLineAsync($"{wrong.Message}\n\n{usage}");
            return WrongUsage;
        }
        // A port that is taken, a folder that cannot be written, a credentials file that somebody has edited.
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or CryptographicException
            or JsonException or ArgumentException or KeyNotFoundException)
        {
            await Console.Error.WriteLineAsync($"The simulator cannot start: {failed.Message}");
            return 1;
        }
    }

    /// <summary>The knobs that all simulators share.</summary>
    public static T Knobs<T>(CommandLine line, CredentialsFolder folder, T options)
        where T : FakeProviderOptions
    {
        var bind = line.Text("--bind", options.Bind.ToString());
        return options with
        {
            Port = line.Number("--port", options.Port),
            ControlPort = line.Number("--control-port", options.ControlPort),
            Bind = IPAddress.TryParse(bind, out var address) ? address : throw new CommandLineException($"--bind takes an address, not '{bind}'."),
            Host = line.Text("--host", options.Host),
            Latency = TimeSpan.FromMilliseconds(line.Number("--latency-ms", 0)),
            LatencyJitter = TimeSpan.FromMilliseconds(line.Number("--latency-jitter-ms", 0)),
            StrictTokens = line.Switch("--strict-tokens"),
            ReceivedMax = line.Number("--received-max", options.ReceivedMax),
            JournalFile = line.Text("--journal", "") is { Length: > 0 } journal ? journal : null,
            MaxStreams = line.Number("--max-streams", options.MaxStreams),
            Authority = TestAuthority.LoadOrCreate(folder),
        };
    }

    private static async Task UntilStoppedAsync(object ready)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(ready, ControlJson.Options));
        await Console.Out.FlushAsync();
        await stop.Task;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.TrySetResult();
        }
    }
}
