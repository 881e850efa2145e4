using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Sotto.Hosting.Settings;
using SubscriptionApi.Ingress;
using SubscriptionApi.Tests.Support;

namespace SubscriptionApi.Tests.Ingress;

/// <summary>TLS by the service itself, without a proxy.</summary>
public sealed class TlsTests
{
    private string _folder = "";

    private string CertificateFile => Path.Combine(_folder, "sotto.pem");

    private string KeyFile => Path.Combine(_folder, "sotto.key");

    [SetUp]
    public void Create() => _folder = Directory.CreateTempSubdirectory("sotto-tls-").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task The_service_speaks_tls_1_2_and_1_3_and_nothing_older()
    {
        WriteCertificate("push.example");
        await using var api = await StartedAsync();

        Assert.That(await ShakeHandsAsync(api, SslProtocols.Tls12), Is.EqualTo((SslProtocols.Tls12, "CN=push.example")));
        Assert.That(await ShakeHandsAsync(api, SslProtocols.Tls13), Is.EqualTo((SslProtocols.Tls13, "CN=push.example")));
#pragma warning disable SYSLIB0039, CA5397 // That it is not spoken is what is tested.
        Assert.That(async () => await ShakeHandsAsync(api, SslProtocols.Tls11), Throws.InstanceOf<AuthenticationException>().Or.InstanceOf<IOException>());
#pragma warning restore SYSLIB0039, CA5397
    }

    [Test]
    public async Task A_client_is_answered_over_tls()
    {
        WriteCertificate("push.example");
        await using var api = await StartedAsync();
        using var trusting = new SocketsHttpHandler();
        trusting.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=push.example";
        using var http = new HttpMessageInvoker(trusting);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(api.Address, "/subscribe")) { Content = new StringContent("[]") };

        using var response = await http.SendAsync(request, CancellationToken.None);

        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("[]"));
        Assert.That(response.Version, Is.EqualTo(HttpVersion.Version11));
    }

    [Test]
    public async Task A_handshake_that_does_not_end_does_not_keep_others_out()
    {
        WriteCertificate("push.example");
        await using var api = await StartedAsync();
        using var silent = new TcpClient();
        await silent.ConnectAsync(api.Address.Host, api.Address.Port);

        Assert.That((await ShakeHandsAsync(api, SslProtocols.Tls13)).Protocol, Is.EqualTo(SslProtocols.Tls13));
    }

    [Test]
    public void A_changed_certificate_is_taken_up_and_a_broken_one_is_not()
    {
        var clock = new ManualTimeProvider();
        WriteCertificate("old.example");
        var certificate = new ServerCertificate(new ApiSettings { CertificateFile = CertificateFile, CertificateKeyFile = KeyFile }, clock, NullLogger<ServerCertificate>.Instance);
        Assert.That(certificate.Current().TargetCertificate.Subject, Is.EqualTo("CN=old.example"));

        WriteCertificate("new.example");
        Touch(1);
        Assert.That(certificate.Current().TargetCertificate.Subject, Is.EqualTo("CN=old.example"));
        clock.Advance(ServerCertificate.LookPause);
        Assert.That(certificate.Current().TargetCertificate.Subject, Is.EqualTo("CN=new.example"));

        File.WriteAllText(CertificateFile, "half a certifica");
        Touch(2);
        clock.Advance(ServerCertificate.LookPause);
        Assert.That(certificate.Current().TargetCertificate.Subject, Is.EqualTo("CN=new.example"));
    }

    [Test]
    public async Task Without_a_certificate_there_is_no_tls()
    {
        await using var api = await ApiUnderTest.CreateAsync();

        Assert.That(
            () => Program.Build(api.Arguments("--Api:Urls=https://127.0.0.1:0")),
            Throws.TypeOf<SettingsException>().With.Message.StartsWith("Setting Api:CertificateFile is missing"));
        Assert.That(
            () => Program.Build(api.Arguments("--Api:Urls=https://127.0.0.1:0", "--Api:CertificateFile=/nowhere/sotto.pem")),
            Throws.TypeOf<SettingsException>().With.Message.StartsWith("Setting Api:CertificateFile: /nowhere/sotto.pem"));
    }

    private Task<ApiUnderTest> StartedAsync() => ApiUnderTest.StartedAsync(
        settings: ["--Api:Urls=https://127.0.0.1:0", $"--Api:CertificateFile={CertificateFile}", $"--Api:CertificateKeyFile={KeyFile}"]);

    private void Touch(int hours)
    {
        foreach (var file in (string[])[CertificateFile, KeyFile])
            File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(hours));
    }

    private void WriteCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        File.WriteAllText(CertificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
    }

    private static async Task<(SslProtocols Protocol, string Subject)> ShakeHandsAsync(ApiUnderTest api, SslProtocols protocol)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(api.Address.Host, api.Address.Port);
        await using var tls = new SslStream(client.GetStream());
#pragma warning disable CA5359 // The certificate is looked at by the test itself.
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "push.example", EnabledSslProtocols = protocol, RemoteCertificateValidationCallback = (_, _, _, _) => true });
#pragma warning restore CA5359
        return (tls.SslProtocol, tls.RemoteCertificate!.Subject);
    }
}
