using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using NUnit.Framework;
using Sotto.FakeApns;
using Sotto.TestSupport;

namespace Simulators.Tests.Providers;

/// <summary>The simulators as programs, as <c>./dev up</c> starts them.</summary>
public sealed class ProgramTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("sotto-simulators-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task All_started_at_once_in_one_folder_share_an_authority()
    {
        string[] names = ["FakeApns", "FakeFcm", "FakeHms", "FakeWebPush"];
        var running = names.Select(name => Start(name, "--credentials-folder", _folder)).ToList();
        try
        {
            var ready = await Task.WhenAll(running.Select(ReadyAsync));

            Assert.That(ready.Select(line => line.Text("name")), Is.EqualTo(["apns", "fcm", "hms", "webpush"]));
            Assert.That(ready.Select(line => line.Text("trustedCa")).Distinct(StringComparer.Ordinal).Single(), Is.EqualTo(Path.Combine(_folder, "ca.pem")));
            foreach (var line in ready)
                await AssertTrustedAsync(line.Text("endpoint"), line.Text("trustedCa"));
            AssertCredentials(ready);
            foreach (var process in running)
                Assert.That(await StopAsync(process), Is.Zero, "SIGTERM ends it well");
        }
        finally
        {
            running.ForEach(Kill);
        }
    }

    [Test]
    public async Task Credentials_outlive_the_program()
    {
        var first = Start("FakeApns", "--credentials-folder", _folder);
        var key = await ReadAndStopAsync(first, line => File.ReadAllText(line.Text("keyFile")));
        var second = Start("FakeApns", "--credentials-folder", _folder);
        var again = await ReadAndStopAsync(second, line => File.ReadAllText(line.Text("keyFile")));

        Assert.That(again, Is.EqualTo(key));
    }

    [TestCase("--credentials-folder is missing.")]
    [TestCase("There is no option --bogus.", "--credentials-folder", "FOLDER", "--bogus")]
    [TestCase("--port takes a whole number, not 'x'.", "--credentials-folder", "FOLDER", "--port", "x")]
    public async Task A_wrong_command_line_is_a_sentence_and_exit_2(string sentence, params string[] arguments)
    {
        using var process = Start("FakeHms", [.. arguments.Select(argument => argument == "FOLDER" ? _folder : argument)]);
        var error = await process.StandardError.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);

        Assert.That(process.ExitCode, Is.EqualTo(2));
        Assert.That(error, Does.StartWith(sentence));
    }

    private static void AssertCredentials(JsonElement[] ready)
    {
        var (apns, fcm, hms) = (ready[0], ready[1], ready[2]);
        Assert.That(ApnsKey.FromPrivate(File.ReadAllText(apns.Text("keyFile"))).KeyId, Is.EqualTo(apns.Text("keyId")));
        using var certificate = X509Certificate2.CreateFromPemFile(apns.Text("certificateFile"));
        Assert.That(certificate.HasPrivateKey);
        var account = JsonDocument.Parse(File.ReadAllText(fcm.Text("serviceAccountFile"))).RootElement;
        Assert.That((account.Text("token_uri"), account.Text("project_id")), Is.EqualTo((fcm.Text("tokenEndpoint"), fcm.Text("projectId"))));
        Assert.That(File.ReadAllText(hms.Text("appSecretFile")).Trim(), Is.Not.Empty);
        Assert.That(hms.Text("tokenEndpoint"), Is.EqualTo(hms.Text("endpoint") + "/oauth2/v3/token"));
    }

    private static async Task AssertTrustedAsync(string endpoint, string authority)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(authority);
        using var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } };
        using var http = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(endpoint), "/nothing"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Content = new ByteArrayContent([]),
        };
        using var response = await http.SendAsync(request, CancellationToken.None).WaitAsync(Patience);
        Assert.That((int)response.StatusCode, Is.InRange(400, 404));
    }

    private static Process Start(string name, params string[] arguments)
    {
        // The program lies beside these tests: they reference it.
        var program = Path.Combine(AppContext.BaseDirectory, name + ".dll");
        return Process.Start(new ProcessStartInfo("dotnet", ["exec", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
    }

    private static async Task<JsonElement> ReadyAsync(Process process)
    {
        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        return JsonDocument.Parse(line ?? await process.StandardError.ReadToEndAsync()).RootElement;
    }

    private static async Task<T> ReadAndStopAsync<T>(Process process, Func<JsonElement, T> read)
    {
        try
        {
            var value = read(await ReadyAsync(process));
            await StopAsync(process);
            return value;
        }
        finally
        {
            Kill(process);
        }
    }

    private static async Task<int> StopAsync(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode;
    }

    private static void Kill(Process process)
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
    }
}
