using Sotto.OxenMq;
using Sotto.Sodium;

namespace OxenMq.Tests;

/// <summary>The spellings of addresses and keys.</summary>
public sealed class AddressTests
{
    private const string Hex = "f0740ff859bcc4c93eafced6f6bbb92c258400cd43ffd31e3d9fd942617c5826";
    private const string Base32z = "6b4y96n3zunc1xix35mxpq73fo1aeygpex97g8t7u9cwramhmyuy";

    private static readonly byte[] Key = Convert.FromHexString(Hex);

    [TestCase("tcp://127.0.0.1:22029", "tcp://127.0.0.1:22029")]
    [TestCase("tcp://oxend.example.org:1", "tcp://oxend.example.org:1")]
    [TestCase("ipc:///var/lib/oxen/oxend.sock", "ipc:///var/lib/oxen/oxend.sock")]
    [TestCase("ipc://./oxend.sock", "ipc://./oxend.sock")]
    public void A_plain_address_has_no_key(string text, string endpoint)
    {
        var address = OxenMqAddress.Parse(text);

        Assert.That(address.Endpoint, Is.EqualTo(endpoint));
        Assert.That(address.IsCurve, Is.False);
    }

    [TestCase("curve://1.2.3.4:5/", "tcp://1.2.3.4:5")]
    [TestCase("tcp+curve://1.2.3.4:5/", "tcp://1.2.3.4:5")]
    [TestCase("ipc+curve:///run/a/b/", "ipc:///run/a/b")]
    public void The_key_of_a_curve_address_may_be_written_in_three_ways(string start, string endpoint)
    {
        string[] spellings = [Hex, Hex.ToUpperInvariant(), Base32z, Convert.ToBase64String(Key).TrimEnd('='), Convert.ToBase64String(Key)];
        foreach (var spelling in spellings.Where(spelling => !spelling.Contains('/', StringComparison.Ordinal)))
        {
            var address = OxenMqAddress.Parse(start + spelling);
            Assert.That(address.Endpoint, Is.EqualTo(endpoint));
            Assert.That(address.PublicKey.ToArray(), Is.EqualTo(Key), spelling);
        }
    }

    [TestCase("")]
    [TestCase("127.0.0.1:22029")]
    [TestCase("http://127.0.0.1:1")]
    [TestCase("tcp://127.0.0.1")]
    [TestCase("tcp://127.0.0.1:0")]
    [TestCase("tcp://127.0.0.1:65536")]
    [TestCase("tcp://:5")]
    [TestCase("tcp://*:5")]
    [TestCase("tcp://[::1]:5")]
    [TestCase("tcp://1.2.3.4:0;5.6.7.8:9")]
    [TestCase("ipc://")]
    [TestCase("curve://1.2.3.4:5")]
    [TestCase("curve://1.2.3.4:5/")]
    [TestCase("curve://1.2.3.4:5/" + "f0740f")]
    [TestCase("curve://1.2.3.4:5/" + "g0740ff859bcc4c93eafced6f6bbb92c258400cd43ffd31e3d9fd942617c5826")]
    [TestCase("curve://1.2.3.4:5/" + "2b4y96n3zunc1xix35mxpq73fo1aeygpex97g8t7u9cwramhmyuy")]
    public void What_is_no_address_is_refused_with_a_sentence(string text)
    {
        Assert.That(() => OxenMqAddress.Parse(text), Throws.InstanceOf<FormatException>().With.Message.Not.Empty);
        Assert.That(OxenMqAddress.TryParse(text, out _), Is.False);
    }

    [Test]
    public void Addresses_are_equal_by_endpoint_and_key()
    {
        var address = OxenMqAddress.Parse("curve://1.2.3.4:5/" + Hex);

        Assert.That(address, Is.EqualTo(OxenMqAddress.Curve("1.2.3.4", 5, Key)));
        Assert.That(address.GetHashCode(), Is.EqualTo(OxenMqAddress.Curve("1.2.3.4", 5, Key).GetHashCode()));
        Assert.That(address, Is.Not.EqualTo(OxenMqAddress.Parse("tcp://1.2.3.4:5")));
        Assert.That(address.ToString(), Does.Not.Contain(Hex));
    }

    [TestCase("1.2.3.4", 0)]
    [TestCase("", 5)]
    public void A_curve_address_needs_a_host_and_a_port(string host, int port) =>
        Assert.That(() => OxenMqAddress.Curve(host, port, Key), Throws.InstanceOf<FormatException>());

    [Test]
    public void A_key_pair_is_that_of_X25519_and_does_not_print_itself()
    {
        var privateKey = new byte[32];
        Random.Shared.NextBytes(privateKey);
        var publicKey = new byte[32];
        X25519.PublicKey(privateKey, publicKey);

        var pair = OxenMqKeyPair.FromPrivateKey(privateKey);

        Assert.That(pair.PublicKey.ToArray(), Is.EqualTo(publicKey));
        Assert.That(pair.ToString(), Is.EqualTo("[REDACTED]"));
        Assert.That(() => OxenMqKeyPair.FromPrivateKey(privateKey.AsSpan(1)), Throws.ArgumentException);
        Assert.That(OxenMqKeyPair.Generate().PublicKey.ToArray(), Is.Not.EqualTo(publicKey));
    }
}
