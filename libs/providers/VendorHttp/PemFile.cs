using System.Security.Cryptography;

namespace Sotto.VendorHttp;

/// <summary>Keys from text, with errors that never show the text.</summary>
public static class PemFile
{
    private const int FileBytesMax = 64 * 1024;

    /// <summary>Reads a small text file.</summary>
    /// <exception cref="VendorCredentialException">It cannot be read, or is larger than 64 KB.</exception>
    public static string ReadText(string path)
    {
        try
        {
            return new FileInfo(path).Length <= FileBytesMax
                ? File.ReadAllText(path)
                : throw new VendorCredentialException($"the file {path} is larger than {FileBytesMax} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VendorCredentialException($"the file {path} cannot be read ({e.GetType().Name})", e);
        }
    }

    /// <summary>A P-256 private key from PKCS#8 PEM text.</summary>
    /// <param name="pem">The text.</param>
    /// <param name="source">Where it is from, for the error.</param>
    /// <exception cref="VendorCredentialException">It is not such a key.</exception>
    public static ECDsa ImportP256(string pem, string source)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            var curve = key.ExportParameters(includePrivateParameters: true).Curve.Oid;
            if (curve.Value == "1.2.840.10045.3.1.7" || curve.FriendlyName is "nistP256" or "ECDSA_P256")
                return key;
        }
        // The inner exception is left out: it may quote what it could not read.
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
        }

        key.Dispose();
        throw new VendorCredentialException($"{source} holds no P-256 private key in PKCS#8 PEM form");
    }

    /// <summary>An RSA private key from PKCS#8 PEM text.</summary>
    /// <inheritdoc cref="ImportP256"/>
    public static RSA ImportRsa(string pem, string source)
    {
        const int BitsMin = 2048;
        var key = RSA.Create();
        try
        {
            key.ImportFromPem(pem);
            if (key.KeySize >= BitsMin && key.ExportParameters(includePrivateParameters: true).D is not null)
                return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
        }

        key.Dispose();
        throw new VendorCredentialException($"{source} holds no RSA private key of at least {BitsMin} bits in PKCS#8 PEM form");
    }
}
