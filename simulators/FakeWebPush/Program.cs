using Sotto.FakeProvider;
using Sotto.FakeWebPush;

const string Usage = """
    FakeWebPush --credentials-folder DIR [--port 0] [--control-port 0]
                [--latency-ms 0] [--latency-jitter-ms 0] [--received-max 10000] [--max-streams 100] [--bind 127.0.0.1] [--host 127.0.0.1]

    A simulated Web Push service with its subscribers: browsers and UnifiedPush apps. Prints one JSON line when it listens; runs until SIGTERM.
    """;

return await SimulatorProgram.RunAsync(args, Usage, async (line, folder) =>
{
    var options = SimulatorProgram.Knobs(line, folder, new FakeWebPushOptions());
    line.RefuseTheRest();

    var service = await FakeWebPush.StartAsync(options);
    return (service, new
    {
        service.Name,
        Endpoint = service.Endpoint.OriginalString,
        TokenEndpoint = (string?)null,
        Control = service.Control.OriginalString,
        TrustedCa = folder[TestAuthority.CertificateFile],
    });
});
