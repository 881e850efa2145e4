using Sotto.Sodium;

namespace Protocols.Tests.Sodium;

public sealed class SecrecyTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly byte[] Nonce = [.. Enumerable.Range(0, 24).Select(i => (byte)i)];

    [Test]
    public void Any_plaintext_survives_encryption() => Prop.ForAll((byte[] plaintext, byte[] additional) =>
    {
        var opened = new byte[plaintext.Length];
        return XChaCha20Poly1305.TryDecrypt(Encrypt(plaintext, additional), Nonce, Key, opened, additional) && opened.SequenceEqual(plaintext);
    }).Check();

    [Test]
    public void A_changed_ciphertext_is_refused_and_reveals_nothing() => Prop.ForAll((byte[] plaintext, NonNegativeInt at) =>
    {
        var ciphertext = Encrypt(plaintext, []);
        ciphertext[at.Get % ciphertext.Length] ^= 0x80;
        var opened = Enumerable.Repeat((byte)1, plaintext.Length).ToArray();
        return !XChaCha20Poly1305.TryDecrypt(ciphertext, Nonce, Key, opened) && opened.All(b => b == 0);
    }).Check();

    [Test]
    public void A_ciphertext_shorter_than_its_tag_is_refused()
    {
        for (var size = 0; size < XChaCha20Poly1305.TagSize; size++)
            Assert.That(XChaCha20Poly1305.TryDecrypt(new byte[size], Nonce, Key, []), Is.False);
    }

    [Test]
    public void Wrong_sizes_never_reach_native_code()
    {
        Assert.That(() => XChaCha20Poly1305.Encrypt([], new byte[23], Key, new byte[16]), Throws.ArgumentException);
        Assert.That(() => XChaCha20Poly1305.Encrypt([], Nonce, new byte[31], new byte[16]), Throws.ArgumentException);
        Assert.That(() => XChaCha20Poly1305.Encrypt([1], Nonce, Key, new byte[16]), Throws.ArgumentException);
        Assert.That(() => XChaCha20Poly1305.TryDecrypt(new byte[20], Nonce, Key, new byte[3]), Throws.ArgumentException);
        Assert.That(() => X25519.PublicKey(new byte[31], new byte[32]), Throws.ArgumentException);
        Assert.That(() => X25519.TryAgree(Key, Key, new byte[31]), Throws.ArgumentException);
        Assert.That(() => Blake2b.Hash([], new byte[15]), Throws.ArgumentException);
        Assert.That(() => Blake2b.Hash([], new byte[65]), Throws.ArgumentException);
        Assert.That(() => Blake2b.Hash(new byte[65], [], new byte[32]), Throws.ArgumentException);
        Assert.That(() => SealingKeyPair.FromPrivateKey(new byte[33]), Throws.ArgumentException);
        Assert.That(() => SealedBox.Seal([], new byte[31]), Throws.ArgumentException);
    }

    // RFC 7693, appendix A.
    [Test]
    public void The_hash_of_abc_is_that_of_the_standard()
    {
        var hash = new byte[64];
        Blake2b.Hash("abc"u8, hash);

        Assert.That(
            Convert.ToHexStringLower(hash),
            Is.EqualTo("ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"));
    }

    [Test]
    public void Both_sides_agree() => Prop.ForAll((int seed) =>
    {
        using var alice = PairOf(seed, 1);
        using var bob = PairOf(seed, 2);
        var (first, second) = (new byte[32], new byte[32]);
        return alice.TryAgree(bob.PublicKey.Span, first) && bob.TryAgree(alice.PublicKey.Span, second) && first.SequenceEqual(second);
    }).Check(50);

    [TestCase("0000000000000000000000000000000000000000000000000000000000000000")]
    [TestCase("0100000000000000000000000000000000000000000000000000000000000000")]
    [TestCase("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [TestCase("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")]
    [TestCase("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [TestCase("00")]
    public void Nothing_is_agreed_with_a_key_of_small_order_or_of_another_size(string hex)
    {
        using var pair = PairOf(1, 1);
        var shared = Enumerable.Repeat((byte)1, 32).ToArray();

        Assert.That(pair.TryAgree(Convert.FromHexString(hex), shared), Is.False);
        Assert.That(shared, Is.All.Zero);
    }

    [Test]
    public void A_sealed_box_is_opened_by_its_owner_and_by_nobody_else() => Prop.ForAll((byte[] message, NonNegativeInt at) =>
    {
        using var owner = PairOf(1, 1);
        using var other = PairOf(1, 2);
        var box = SealedBox.Seal(message, owner.PublicKey.Span);
        var opens = SealedBox.TryOpen(box, owner, out var opened) && opened.SequenceEqual(message);
        var refused = !SealedBox.TryOpen(box, other, out var none) && none is null;
        box[at.Get % box.Length] ^= 1;
        return opens && refused && box.Length == message.Length + SealedBox.Overhead && !SealedBox.TryOpen(box, owner, out _);
    }).Check(100);

    [Test]
    public void A_box_shorter_than_its_overhead_is_refused()
    {
        using var owner = PairOf(1, 1);
        for (var size = 0; size < SealedBox.Overhead; size++)
            Assert.That(SealedBox.TryOpen(new byte[size], owner, out _), Is.False);
    }

    [Test]
    public void Nothing_is_sealed_to_a_key_of_small_order() =>
        Assert.That(() => SealedBox.Seal([1], new byte[32]), Throws.ArgumentException);

    [Test]
    public void A_key_pair_prints_nothing_and_ends_with_its_disposal()
    {
        var pair = SealingKeyPair.Generate();
        var box = SealedBox.Seal([1, 2, 3], pair.PublicKey.Span);
        Assert.That(pair.ToString(), Is.EqualTo("[REDACTED]"));

        pair.Dispose();

        Assert.That(() => SealedBox.TryOpen(box, pair, out _), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => pair.TryAgree(new byte[32], new byte[32]), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Keys_for_different_purposes_have_nothing_in_common()
    {
        using var pair = PairOf(1, 1);
        var (first, second, expected) = (new byte[32], new byte[32], new byte[32]);

        pair.DeriveKey("one"u8, first);
        pair.DeriveKey("two"u8, second);
        Blake2b.Hash("one"u8, PrivateKeyOf(1, 1), expected);

        Assert.That(first, Is.EqualTo(expected));
        Assert.That(second, Is.Not.EqualTo(first));
        Assert.That(() => pair.DeriveKey([], first), Throws.ArgumentException);
    }

    [Test]
    public void Random_bytes_differ()
    {
        var (first, second) = (new byte[32], new byte[32]);
        RandomSource.Fill(first);
        RandomSource.Fill(second);
        RandomSource.Fill([]);

        Assert.That(first, Is.Not.EqualTo(second));
    }

    private static byte[] Encrypt(byte[] plaintext, byte[] additional)
    {
        var ciphertext = new byte[plaintext.Length + XChaCha20Poly1305.TagSize];
        XChaCha20Poly1305.Encrypt(plaintext, Nonce, Key, ciphertext, additional);
        return ciphertext;
    }

    private static SealingKeyPair PairOf(int seed, byte which) => SealingKeyPair.FromPrivateKey(PrivateKeyOf(seed, which));

    private static byte[] PrivateKeyOf(int seed, byte which)
    {
        var privateKey = new byte[32];
        Blake2b.Hash([.. BitConverter.GetBytes(seed), which], privateKey);
        return privateKey;
    }
}
