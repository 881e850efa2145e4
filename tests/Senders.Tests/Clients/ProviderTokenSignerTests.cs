using System.Security.Cryptography;
using Sotto.Apns;
using Sotto.VendorHttp;

namespace Senders.Tests.Clients;

public sealed class ProviderTokenSignerTests
{
    private readonly ManualTimeProvider _clock = new();

    [Test]
    public void One_token_serves_for_forty_minutes()
    {
        using var signer = Signer();
        var first = signer.Token;
        _clock.Advance(TimeSpan.FromMinutes(39));
        Assert.That(signer.Token, Is.EqualTo(first));

        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.That(signer.Token, Is.Not.EqualTo(first));
    }

    [Test]
    public void A_refused_token_is_replaced_only_when_Apple_would_take_another()
    {
        using var signer = Signer();
        var first = signer.Token;
        _clock.Advance(TimeSpan.FromMinutes(19));
        signer.Refused(first);
        Assert.That(signer.Token, Is.EqualTo(first));
        _clock.Advance(TimeSpan.FromMinutes(1));
        signer.Refused("another");
        Assert.That(signer.Token, Is.EqualTo(first), "another was refused");

        signer.Refused(first);

        Assert.That(signer.Token, Is.Not.EqualTo(first));
    }

    [TestCase("ABC123DEF", "DEF123GHIJ")]
    [TestCase("ABC123DEFG", "")]
    [TestCase("ABC123DEFG", "DEF\"23GHIJ")]
    public void Ids_of_another_shape_are_refused(string keyId, string teamId) =>
        Assert.That(() => new ProviderTokenSigner(Pem(), keyId, teamId, "the test", _clock), Throws.InstanceOf<VendorCredentialException>());

    [Test]
    public void What_is_no_such_key_is_refused_without_being_shown()
    {
        using var rsa = RSA.Create(2048);
        using var otherCurve = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var whole = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var pem in (string[])["", "noise", rsa.ExportPkcs8PrivateKeyPem(), otherCurve.ExportPkcs8PrivateKeyPem(), whole.ExportSubjectPublicKeyInfoPem()])
        {
            var refused = Assert.Throws<VendorCredentialException>(() => new ProviderTokenSigner(pem, "ABC123DEFG", "DEF123GHIJ", "the file x.p8", _clock))!;
            Assert.That(refused.Message, Is.EqualTo("the file x.p8 holds no P-256 private key in PKCS#8 PEM form"));
            Assert.That(refused.InnerException, Is.Null);
        }
    }

    private ProviderTokenSigner Signer() => new(Pem(), "ABC123DEFG", "DEF123GHIJ", "the test", _clock);

    private static string Pem()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }
}
