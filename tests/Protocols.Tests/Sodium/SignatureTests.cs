using System.Numerics;
using Sotto.Sodium;

namespace Protocols.Tests.Sodium;

public sealed class SignatureTests
{
    private readonly byte[] _publicKey = new byte[Ed25519.PublicKeySize];
    private readonly byte[] _secretKey = new byte[Ed25519.SecretKeySize];
    private readonly byte[] _converted = new byte[X25519.KeySize];

    // Points of small order, in every encoding that decodes to them: y, then the non-canonical y + p where that fits, each with both signs.
    private static IEnumerable<string> SmallOrderPoints =>
    [
        "0100000000000000000000000000000000000000000000000000000000000000", "0100000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000", "0000000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ];

    [SetUp]
    public void MakeKeys() => Ed25519.KeyPairFromSeed(new byte[Ed25519.SeedSize], _publicKey, _secretKey);

    [Test]
    public void Any_message_signed_is_verified() =>
        Prop.ForAll((byte[] message) => Ed25519.Verify(Sign(message), message, _publicKey)).Check();

    [Test]
    public void A_changed_message_or_signature_is_refused() => Prop.ForAll((byte[] message, NonNegativeInt at) =>
    {
        var signature = Sign(message);
        signature[at.Get % signature.Length] ^= 1;
        return !Ed25519.Verify(signature, message, _publicKey) && !Ed25519.Verify(Sign(message), [.. message, 0], _publicKey);
    }).Check();

    [Test]
    public void A_signature_whose_scalar_was_raised_by_the_group_order_is_refused()
    {
        var order = BigInteger.Parse("7237005577332262213973186563042994240857116359379907606001950938285454250989", System.Globalization.CultureInfo.InvariantCulture);
        var signature = Sign([1, 2, 3]);
        var raised = new BigInteger(signature.AsSpan(32), isUnsigned: true) + order;
        raised.TryWriteBytes(signature.AsSpan(32), out var written, isUnsigned: true);

        Assert.That(written, Is.LessThanOrEqualTo(32));
        Assert.That(Ed25519.Verify(signature, [1, 2, 3], _publicKey), Is.False);
    }

    [TestCaseSource(nameof(SmallOrderPoints))]
    public void A_key_of_small_order_verifies_nothing_and_converts_to_nothing(string hex)
    {
        var point = Convert.FromHexString(hex);
        // With R the same point and S zero, the bare equation would hold for some messages.
        byte[] signature = [.. point, .. new byte[32]];

        Assert.That(Enumerable.Range(0, 64).Any(message => Ed25519.Verify(signature, [(byte)message], point)), Is.False);
        Assert.That(Ed25519.TryToX25519(point, _converted), Is.False);
    }

    [Test]
    public void A_key_that_is_not_canonical_is_not_converted()
    {
        for (byte low = 0xed; low != 0; low++)
        {
            byte[] key = [low, .. Enumerable.Repeat((byte)0xff, 30), 0x7f];
            Assert.That(Ed25519.TryToX25519(key, _converted), Is.False);
            key[31] = 0xff;
            Assert.That(Ed25519.TryToX25519(key, _converted), Is.False);
        }
    }

    [TestCase(0)]
    [TestCase(31)]
    [TestCase(33)]
    public void A_key_of_another_size_verifies_nothing_and_converts_to_nothing(int size)
    {
        Assert.That(Ed25519.Verify(Sign([]), [], new byte[size]), Is.False);
        Assert.That(Ed25519.Verify(new byte[size], [], _publicKey), Is.False);
        Assert.That(Ed25519.TryToX25519(new byte[size], _converted), Is.False);
        Assert.That(() => Ed25519.Sign([], new byte[size], new byte[64]), Throws.ArgumentException);
        Assert.That(() => Ed25519.TryToX25519(_publicKey, new byte[size]), Throws.ArgumentException);
    }

    [Test]
    public void Half_of_all_strings_are_no_points_and_most_points_are_outside_the_subgroup() => Prop.ForAll((int seed) =>
    {
        var noise = new byte[32];
        Blake2b.Hash(BitConverter.GetBytes(seed), noise);
        // Whatever is accepted must agree with the map u = (1 + y) / (1 - y), computed here with big numbers.
        return !Ed25519.TryToX25519(noise, _converted) || Map(noise).SequenceEqual(_converted);
    }).Check(400);

    [Test]
    public void Keys_convert_by_the_birational_map() => Prop.ForAll((int seed) =>
    {
        var seedBytes = new byte[32];
        Blake2b.Hash(BitConverter.GetBytes(seed), seedBytes);
        Ed25519.KeyPairFromSeed(seedBytes, _publicKey, _secretKey);
        return Ed25519.TryToX25519(_publicKey, _converted) && Map(_publicKey).SequenceEqual(_converted);
    }).Check(100);

    private static byte[] Map(byte[] edwards)
    {
        var p = BigInteger.Pow(2, 255) - 19;
        var y = new BigInteger(edwards, isUnsigned: true) & (BigInteger.Pow(2, 255) - 1);
        var u = (1 + y) * BigInteger.ModPow((1 - y + p) % p, p - 2, p) % p;
        var bytes = new byte[32];
        u.TryWriteBytes(bytes, out _, isUnsigned: true);
        return bytes;
    }

    private byte[] Sign(byte[] message)
    {
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(message, _secretKey, signature);
        return signature;
    }
}
