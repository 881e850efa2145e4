using FsCheck;
using FsCheck.Fluent;
using Sotto.Hosting.Settings;
using Sotto.Sodium;

namespace Encryptor.Tests;

public sealed class EncryptorKeysTests
{
    private readonly byte[] _privateKey = EncryptorWorld.Random(32);
    private EncryptorKeys _keys = null!;
    private SealingKeyPair _sealing = null!;

    [SetUp]
    public void SetUp() => (_keys, _sealing) = (new EncryptorKeys(_privateKey), SealingKeyPair.FromPrivateKey(_privateKey));

    [TearDown]
    public void TearDown()
    {
        _keys.Dispose();
        _sealing.Dispose();
    }

    [Test]
    public void A_sealed_key_survives_the_rewrapping()
    {
        var (key, id, unwrapped) = (EncryptorWorld.Random(32), Guid.NewGuid(), new byte[32]);
        var wrapped = _keys.Rewrap(id, SealedBox.Seal(key, _sealing.PublicKey.Span))!;

        using var afterRestart = new EncryptorKeys(_privateKey);
        Assert.Multiple(() =>
        {
            Assert.That(afterRestart.TryUnwrap(id, wrapped, unwrapped), Is.True);
            Assert.That(unwrapped, Is.EqualTo(key));
            Assert.That(_keys.Rewrap(id, SealedBox.Seal(key, _sealing.PublicKey.Span)), Is.Not.EqualTo(wrapped));
        });
    }

    [Test]
    public void A_wrapped_key_opens_for_its_own_subscription_and_its_own_encryptor_only()
    {
        var (id, key) = (Guid.NewGuid(), new byte[32]);
        var wrapped = _keys.Rewrap(id, SealedBox.Seal(EncryptorWorld.Random(32), _sealing.PublicKey.Span))!;
        using var other = new EncryptorKeys(EncryptorWorld.Random(32));

        Assert.Multiple(() =>
        {
            Assert.That(_keys.TryUnwrap(Guid.NewGuid(), wrapped, key), Is.False);
            Assert.That(other.TryUnwrap(id, wrapped, key), Is.False);
            Assert.That(_keys.TryUnwrap(id, wrapped.AsSpan(1), key), Is.False);
            Assert.That(_keys.TryUnwrap(id, [], key), Is.False);
        });
    }

    [Test]
    public void Any_other_bytes_are_no_sealed_key() =>
        Prop.ForAll((byte[] box) => _keys.Rewrap(Guid.Empty, box) is null).QuickCheckThrowOnFailure();

    [Test]
    public void A_push_id_is_the_same_wherever_it_is_worked_out_and_different_for_everything_else()
    {
        var (device, hash) = (EncryptorWorld.Random(32), new string('h', 43));
        using var again = new EncryptorKeys(_privateKey);
        using var other = new EncryptorKeys(EncryptorWorld.Random(32));
        var id = _keys.PushId("apns", device, hash);

        Assert.Multiple(() =>
        {
            Assert.That(again.PushId("apns", device, hash), Is.EqualTo(id));
            Assert.That(other.PushId("apns", device, hash), Is.Not.EqualTo(id));
            Assert.That(_keys.PushId("apns-sandbox", device, hash), Is.Not.EqualTo(id));
            Assert.That(_keys.PushId("apns", EncryptorWorld.Random(32), hash), Is.Not.EqualTo(id));
            Assert.That(_keys.PushId("apns", device, hash + "h"), Is.Not.EqualTo(id));
            Assert.That(_keys.PushId("apnsh", device, hash), Is.Not.EqualTo(_keys.PushId("apns", device, "h" + hash)));
        });
    }

    [Test]
    public void The_key_never_prints() => Assert.That($"{_keys}", Is.EqualTo("[REDACTED]"));

    [Test]
    public void A_missing_key_file_is_named() =>
        Assert.That(() => EncryptorKeys.Read("/no/such.key"), Throws.InstanceOf<SettingsException>().With.Message.Contains("Encryptor:PrivateKeyFile").And.Message.Contains("/no/such.key"));
}
