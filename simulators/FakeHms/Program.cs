using Sotto.FakeHms;
using Sotto.FakeProvider;

const string Usage = """
    FakeHms --credentials-folder DIR [--port 0] [--control-port 0] [--app-id 100000001] [--token-life-seconds 3600] [--qps 0] [--errors-as-200]
            [--latency-ms 0] [--latency-jitter-ms 0] [--strict-tokens] [--received-max 10000] [--bind 127.0.0.1] [--host 127.0.0.1]

    A simulated Huawei Push Kit with its OAuth endpoint. Prints one JSON line when it listens; runs until SIGTERM.
    """;

const string SecretFile = "hms-app-secret";

return await SimulatorProgram.RunAsync(args, Usage, async (line, folder) =>
{
    var options = SimulatorProgram.Knobs(line, folder, new FakeHmsOptions());
    options = options with
    {
        AppId = line.Text("--app-id", options.AppId),
        TokenLife = TimeSpan.FromSeconds(line.Number("--token-life-seconds", (int)options.TokenLife.TotalSeconds)),
        Qps = line.Number("--qps", options.Qps),
        ErrorsAs200 = line.Switch("--errors-as-200"),
        AppSecret = folder.ReadOrCreate(SecretFile, () => NewSecret() + "\n").Trim(),
    };
    line.RefuseTheRest();

    var huawei = await FakeHms.StartAsync(options);
    return (huawei, new
    {
        huawei.Name,
        Endpoint = huawei.Endpoint.OriginalString,
        TokenEndpoint = huawei.TokenEndpoint.OriginalString,
        Control = huawei.Control.OriginalString,
        TrustedCa = folder[TestAuthority.CertificateFile],
        huawei.AppId,
        AppSecretFile = folder[SecretFile],
    });
});

// With what a form must escape, as the real ones may have.
static string NewSecret() => Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(48)) + "+/=";
