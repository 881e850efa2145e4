using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sotto.FakeProvider;

/// <summary>A certificate authority for tests: made at start, or kept in a folder where several simulators share it.</summary>
public sealed class TestAuthority : IDisposable
{
    /// <summary>The authority's certificate alone, what a client is told to trust.</summary>
    public const string CertificateFile = "ca.pem";

    private const string KeyFile = "ca-with-key.pem";

    // Long enough that a folder left on a developer's disk goes on working.
    private static readonly TimeSpan Life = TimeSpan.FromDays(3650);

    private readonly X509Certificate2 _authority;

    private TestAuthority(X509Certificate2 authority) => _authority = authority;

    /// <summary>The authority's certificate, PEM, without its key.</summary>
    public string Pem => _authority.ExportCertificatePem() + "\n";

    /// <summary>Makes an authority that lives in memory.</summary>
    public static TestAuthority Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Sotto test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        return new(request.CreateSelfSigned(now.AddDays(-1), now + Life));
    }

    /// <summary>Takes the authority of a folder, or makes it there; safe when several processes do so at once.</summary>
    public static TestAuthority LoadOrCreate(CredentialsFolder folder)
    {
        var pem = folder.ReadOrCreate(KeyFile, () =>
        {
            using var made = Create();
            return made.Pem + made._authority.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n";
        });
        var loaded = new TestAuthority(X509Certificate2.CreateFromPem(pem, pem));
        folder.ReadOrCreate(CertificateFile, () => loaded.Pem);
        return loaded;
    }

    /// <summary>Issues a certificate for a TLS server on 127.0.0.1, localhost and <paramref name="hosts"/>.</summary>
    public X509Certificate2 IssueServer(params IReadOnlyList<string> hosts) =>
        Issue("CN=localhost", "1.3.6.1.5.5.7.3.1", [NamesOf(hosts)], new DateTimeOffset(_authority.NotAfter));

    /// <summary>The same, expired an hour ago.</summary>
    public X509Certificate2 IssueExpiredServer(params IReadOnlyList<string> hosts) =>
        Issue("CN=localhost", "1.3.6.1.5.5.7.3.1", [NamesOf(hosts)], TimeProvider.System.GetUtcNow().AddHours(-1));

    private static X509Extension NamesOf(IReadOnlyList<string> hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        foreach (var host in hosts.Where(host => host is not ("localhost" or "127.0.0.1")))
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }

        return names.Build();
    }

    /// <summary>Issues a certificate for a TLS client, with whatever extensions the vendor looks for.</summary>
    public X509Certificate2 IssueClient(string subject, params IReadOnlyList<X509Extension> extensions) =>
        Issue(subject, "1.3.6.1.5.5.7.3.2", extensions, new DateTimeOffset(_authority.NotAfter));

    /// <summary>True when this authority issued <paramref name="certificate"/> and it is in force.</summary>
    public bool Issued(X509Certificate2 certificate)
    {
        using var chain = new X509Chain { ChainPolicy = Policy() };
        return chain.Build(certificate);
    }

    /// <summary>A client's handler that trusts this authority and no other.</summary>
    public SocketsHttpHandler CreateHandler(X509Certificate2? clientCertificate = null)
    {
        var ssl = new SslClientAuthenticationOptions { CertificateChainPolicy = Policy() };
        if (clientCertificate is not null)
            ssl.ClientCertificates = [clientCertificate];
        return new() { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, SslOptions = ssl };
    }

    /// <inheritdoc/>
    public void Dispose() => _authority.Dispose();

    private X509Certificate2 Issue(string subject, string purpose, IReadOnlyList<X509Extension> extensions, DateTimeOffset end)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        foreach (var extension in extensions)
            request.CertificateExtensions.Add(extension);
        using var issued = request.Create(_authority, new DateTimeOffset(_authority.NotBefore), end, RandomNumberGenerator.GetBytes(16));
        return issued.CopyWithPrivateKey(key);
    }

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_authority);
        return policy;
    }
}
