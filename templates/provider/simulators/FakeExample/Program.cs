using Sotto.FakeExample;
using Sotto.FakeProvider;

const string Usage = """
    FakeExample --credentials-folder DIR [--port 0] [--control-port 0]
                [--latency-ms 0] [--latency-jitter-ms 0] [--strict-tokens] [--received-max 10000] [--max-streams 100] [--bind 127.0.0.1] [--host 127.0.0.1]

    A simulated Example. Prints one JSON line when it listens; runs until SIGTERM.
    """;

const string KeyFile = "example-api-key";

return await SimulatorProgram.RunAsync(args, Usage, async (line, folder) =>
{
    var options = SimulatorProgram.Knobs(line, folder, new FakeProviderOptions());
    line.RefuseTheRest();

    var example = await FakeExample.StartAsync(options, folder.ReadOrCreate(KeyFile, () => FakeExample.NewApiKey() + "\n").Trim());
    return (example, new
    {
        example.Name,
        Endpoint = example.Endpoint.OriginalString,
        Control = example.Control.OriginalString,
        TrustedCa = folder[TestAuthority.CertificateFile],
        ApiKeyFile = folder[KeyFile],
    });
});
