using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sotto.VendorHttp;

namespace Sotto.Apns;

/// <summary>A provider certificate: the older way to show Apple who we are, in the TLS handshake (providers.md section 3.3).</summary>
public static class ApnsCertificate
{
    /// <summary>Reads certificate and private key from one PEM file.</summary>
    /// <exception cref="VendorCredentialException">The file cannot be read, lacks one of the two, or they do not belong together.</exception>
    public static X509Certificate2 FromPemFile(string path)
    {
        var text = PemFile.ReadText(path);
        try
        {
            return X509Certificate2.CreateFromPem(text, text);
        }
        // The inner exception is left out: it may quote what it could not read.
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new VendorCredentialException($"the file {path} does not hold a PEM certificate together with its private key");
        }
    }
}
