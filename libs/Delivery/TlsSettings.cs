using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Sotto.Hosting.Settings;

namespace Sotto.Delivery;

/// <summary>Whom to trust besides the system's authorities; section <c>Tls</c>.</summary>
public sealed class TlsSettings
{
    /// <summary>A PEM file of certificate authorities, for servers of a test. Names and dates are checked all the same. Default: none.</summary>
    public string? TrustedCa { get; set; }

    /// <summary>Reads the section and the file.</summary>
    /// <returns>The certificates; null when the setting is absent.</returns>
    /// <exception cref="SettingsException">The file cannot be read or holds no certificate.</exception>
    public static X509Certificate2Collection? ReadTrustedRoots(IConfiguration configuration)
    {
        if (configuration.ReadSettings<TlsSettings>("Tls").TrustedCa is not { Length: > 0 } path)
            return null;
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPemFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new SettingsException($"Setting Tls:TrustedCa: the file {path} cannot be read as PEM certificates ({e.GetType().Name}).");
        }

        return roots.Count > 0 ? roots : throw new SettingsException($"Setting Tls:TrustedCa: the file {path} holds no PEM certificate.");
    }
}
