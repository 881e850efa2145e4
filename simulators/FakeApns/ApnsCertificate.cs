using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sotto.FakeProvider;

namespace Sotto.FakeApns;

/// <summary>A sender's client certificate: its topics and environments are in extensions of Apple's own (providers.md section 3.3).</summary>
internal sealed record ApnsCertificate(IReadOnlyList<string> Topics, ApnsEnvironments Environments)
{
    private const string TopicsOid = "1.2.840.113635.100.6.3.6";
    private const string SandboxOid = "1.2.840.113635.100.6.3.1";
    private const string ProductionOid = "1.2.840.113635.100.6.3.2";

    public static ApnsCertificate Read(X509Certificate2 certificate)
    {
        var environments = ApnsEnvironments.None;
        IReadOnlyList<string> topics = [];
        foreach (var extension in certificate.Extensions)
        {
            if (extension.Oid?.Value == SandboxOid)
                environments |= ApnsEnvironments.Sandbox;
            else if (extension.Oid?.Value == ProductionOid)
                environments |= ApnsEnvironments.Production;
            else if (extension.Oid?.Value == TopicsOid)
                topics = ReadTopics(extension.RawData);
        }

        return new(topics, environments);
    }

    /// <summary>Makes a certificate that is good in <paramref name="environments"/> for <paramref name="topics"/>.</summary>
    public static X509Certificate2 Issue(TestAuthority authority, IReadOnlyList<string> topics, ApnsEnvironments environments)
    {
        byte[] nothing = [0x05, 0x00];
        var extensions = new List<X509Extension> { new(new Oid(TopicsOid), WriteTopics(topics), critical: false) };
        if (environments.HasFlag(ApnsEnvironments.Sandbox))
            extensions.Add(new(new Oid(SandboxOid), nothing, critical: false));
        if (environments.HasFlag(ApnsEnvironments.Production))
            extensions.Add(new(new Oid(ProductionOid), nothing, critical: false));
        return authority.IssueClient($"CN=Apple Push Services: {topics[0]}", extensions);
    }

    // A sequence of pairs: the topic, then a sequence of what it is for.
    private static byte[] WriteTopics(IReadOnlyList<string> topics)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var topic in topics)
            {
                writer.WriteCharacterString(UniversalTagNumber.UTF8String, topic);
                using (writer.PushSequence())
                    writer.WriteCharacterString(UniversalTagNumber.UTF8String, "app");
            }
        }

        return writer.Encode();
    }

    private static List<string> ReadTopics(byte[] encoded)
    {
        var topics = new List<string>();
        try
        {
            var pairs = new AsnReader(encoded, AsnEncodingRules.DER).ReadSequence();
            while (pairs.HasData)
            {
                topics.Add(pairs.ReadCharacterString(UniversalTagNumber.UTF8String));
                pairs.ReadSequence();
            }
        }
        catch (AsnContentException)
        {
            return [];
        }

        return topics;
    }
}
