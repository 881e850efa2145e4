using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Net.Security;
using Sotto.Hosting.Settings;

namespace SubscriptionApi.Ingress;

/// <summary>
/// The certificate that clients are shown, with its chain. The files are read again when they have changed, so that a renewal needs no restart; files that cannot be read leave the
/// last certificate in use. Thread-safe.
/// </summary>
internal sealed class ServerCertificate(ApiSettings settings, TimeProvider clock, ILogger<ServerCertificate> logger)
{
    /// <summary>How often the files are looked at.</summary>
    public static readonly TimeSpan LookPause = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private SslStreamCertificateContext? _context;
    private DateTime _written;
    private long _lookedAt;

    /// <summary>The present one.</summary>
    /// <exception cref="SettingsException">There is none yet and the files cannot be read.</exception>
    public SslStreamCertificateContext Current()
    {
        lock (_gate)
        {
            if (_context is not null && clock.GetElapsedTime(_lookedAt) < LookPause)
                return _context;
            _lookedAt = clock.GetTimestamp();
            try
            {
                var written = new[] { settings.CertificateFile!, KeyFile }.Max(File.GetLastWriteTimeUtc);
                if (_context is not null && written == _written)
                    return _context;
                (_context, _written) = (Read(), written);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
            {
                if (_context is null)
                    throw new SettingsException($"Setting Api:CertificateFile: {settings.CertificateFile} and its key cannot be read as PEM ({e.GetType().Name}).");
                logger.CertificateNotRead(e.GetType().Name);
            }

            return _context;
        }
    }

    /// <summary>Reads the files if there are any.</summary>
    /// <exception cref="SettingsException">They cannot be read.</exception>
    public void Require()
    {
        if (!string.IsNullOrEmpty(settings.CertificateFile))
            Current();
    }

    private string KeyFile => settings.CertificateKeyFile is { Length: > 0 } own ? own : settings.CertificateFile!;

    private SslStreamCertificateContext Read()
    {
        var certificate = X509Certificate2.CreateFromPemFile(settings.CertificateFile!, KeyFile);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(settings.CertificateFile!);
        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }
}
