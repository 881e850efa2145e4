using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sotto.VendorHttp;

namespace Sotto.Apns;

/// <summary>A provider certificate: the older way to show Apple who we are, in the TLS handshake (providers.md section 3.3).</summary>
public static class ApnsCertificate
{
    // Apple lists the topics of a certificate for more than one of them here: a sequence of names, each followed by its kinds.
    private const string TopicsExtension = "1.2.840.113635.100.6.3.6";

    /// <summary>Reads certificate and private key from one PEM file.</summary>
    /// <exception cref="VendorCredentialException">The file cannot be read, lacks one of the two, or they do not belong together.</exception>
    public static X509Certificate2 FromPemFile(string path) => FromPem(PemFile.ReadText(path), $"the file {path}");

    /// <summary>Reads certificate and private key from PEM text.</summary>
    /// <param name="text">The text. Secret.</param>
    /// <param name="source">Where it is from, for errors.</param>
    /// <exception cref="VendorCredentialException">It lacks one of the two, or they do not belong together.</exception>
    public static X509Certificate2 FromPem(string text, string source)
    {
        try
        {
            return X509Certificate2.CreateFromPem(text, text);
        }
        // The inner exception is left out: it may quote what it could not read.
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new VendorCredentialException($"{source} does not hold a PEM certificate together with its private key");
        }
    }

    /// <summary>The same, for a topic and now.</summary>
    /// <param name="text">The text. Secret.</param>
    /// <param name="source">Where it is from, for errors.</param>
    /// <param name="topic">The topic that is pushed to.</param>
    /// <param name="clock">Tells whether it is good yet.</param>
    /// <exception cref="VendorCredentialException">In addition: it is not good yet, or lists topics and not this one.</exception>
    public static X509Certificate2 FromPem(string text, string source, string topic, TimeProvider clock)
    {
        var certificate = FromPem(text, source);
        var wrong = certificate.NotBefore.ToUniversalTime() > clock.GetUtcNow().UtcDateTime
            ? $"the certificate in {source} is not good yet"
            : TopicsOf(certificate) is { } topics && !topics.Contains(topic, StringComparer.Ordinal) ? $"the certificate in {source} is not for this topic" : null;
        if (wrong is null)
            return certificate;
        certificate.Dispose();
        throw new VendorCredentialException(wrong);
    }

    // Null where the certificate lists none, or in a way that is not known: then Apple judges.
    private static List<string>? TopicsOf(X509Certificate2 certificate)
    {
        if (certificate.Extensions[TopicsExtension] is not { } extension)
            return null;
        try
        {
            var topics = new List<string>();
            var list = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (list.HasData)
            {
                if (list.PeekTag().HasSameClassAndValue(new Asn1Tag(UniversalTagNumber.UTF8String)))
                    topics.Add(list.ReadCharacterString(UniversalTagNumber.UTF8String));
                else
                    list.ReadEncodedValue();
            }

            return topics.Count > 0 ? topics : null;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }
}
