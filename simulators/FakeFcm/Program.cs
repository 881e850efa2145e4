using Sotto.FakeFcm;
using Sotto.FakeProvider;

const string Usage = """
    FakeFcm --credentials-folder DIR [--port 0] [--control-port 0] [--project sotto-demo] [--token-life-seconds 3600] [--quota-per-minute 600000]
            [--latency-ms 0] [--latency-jitter-ms 0] [--strict-tokens] [--received-max 10000] [--max-streams 100] [--bind 127.0.0.1] [--host 127.0.0.1]

    A simulated Firebase Cloud Messaging with its token endpoint. Prints one JSON line when it listens; runs until SIGTERM.
    """;

const string AccountFile = "fcm-service-account.json";

// Stands in the file until the port is known.
const string NoTokenUri = "https://oauth2.googleapis.com/token";

return await SimulatorProgram.RunAsync(args, Usage, async (line, folder) =>
{
    var options = SimulatorProgram.Knobs(line, folder, new FakeFcmOptions());
    var project = line.Text("--project", "sotto-demo");
    var life = line.Number("--token-life-seconds", (int)options.TokenLife.TotalSeconds);
    var quota = line.Number("--quota-per-minute", options.QuotaPerMinute);
    line.RefuseTheRest();

    var account = ServiceAccount.Parse(folder.ReadOrCreate(AccountFile, () => ServiceAccount.Create(project).KeyFile(new(NoTokenUri))));
    var google = await FakeFcm.StartAsync(options with
    {
        Account = account with { ProjectId = project },
        TokenLife = TimeSpan.FromSeconds(life),
        QuotaPerMinute = quota,
    });
    folder.Replace(AccountFile, google.ServiceAccountJson);

    return (google, new
    {
        google.Name,
        Endpoint = google.Endpoint.OriginalString,
        TokenEndpoint = google.TokenEndpoint.OriginalString,
        Control = google.Control.OriginalString,
        TrustedCa = folder[TestAuthority.CertificateFile],
        ServiceAccountFile = folder[AccountFile],
        google.ProjectId,
    });
});
