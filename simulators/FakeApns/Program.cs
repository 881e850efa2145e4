using System.Security.Cryptography.X509Certificates;
using Sotto.FakeApns;
using Sotto.FakeProvider;

const string Usage = """
    FakeApns --credentials-folder DIR [--port 0] [--sandbox-port 0] [--control-port 0] [--topic org.example.sotto]
             [--latency-ms 0] [--latency-jitter-ms 0] [--strict-tokens] [--received-max 10000] [--max-streams 1000] [--bind 127.0.0.1] [--host 127.0.0.1]

    A simulated Apple Push Notification service. Prints one JSON line when it listens; runs until SIGTERM.
    """;

const string KeyFile = "apns-key.p8";
const string CertificateFile = "apns-client.pem";

return await SimulatorProgram.RunAsync(args, Usage, async (line, folder) =>
{
    var options = SimulatorProgram.Knobs(line, folder, new FakeApnsOptions());
    options = options with
    {
        SandboxPort = line.Number("--sandbox-port", 0),
        Topic = line.Text("--topic", options.Topic),
        Key = ApnsKey.FromPrivate(folder.ReadOrCreate(KeyFile, () => ApnsKey.Create().PrivatePem!)),
    };
    line.RefuseTheRest();

    var apple = await FakeApns.StartAsync(options);
    using var certificate = apple.IssueCertificate();
    folder.Replace(CertificateFile, certificate.ExportCertificatePem() + "\n" + certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n");

    return (apple, new
    {
        apple.Name,
        Endpoint = apple.Endpoint.OriginalString,
        TokenEndpoint = (string?)null,
        Control = apple.Control.OriginalString,
        TrustedCa = folder[TestAuthority.CertificateFile],
        SandboxEndpoint = apple.SandboxEndpoint.OriginalString,
        KeyFile = folder[KeyFile],
        apple.Key.KeyId,
        apple.Key.TeamId,
        apple.Topic,
        CertificateFile = folder[CertificateFile],
    });
});
