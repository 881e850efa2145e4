using FsCheck;
using FsCheck.Fluent;
using Sotto.Delivery;
using Sotto.Sodium;

namespace Senders.Tests.Delivery;

public sealed class DeviceTokensTests
{
    [Test]
    public void Any_sealed_token_is_opened_again() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonEmptyString>().Filter(text => text.Get.All(c => !char.IsSurrogate(c))),
        text =>
        {
            using var tokens = new DeviceTokens(SealingKeyPair.Generate(), cacheMax: 2);
            return tokens.TryOpen(tokens.Seal(text.Get), out var opened) && opened.Token == text.Get;
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Nobody_else_opens_it()
    {
        using var tokens = new DeviceTokens(SealingKeyPair.Generate(), cacheMax: 10);
        using var others = new DeviceTokens(SealingKeyPair.Generate(), cacheMax: 10);

        Assert.That(others.TryOpen(tokens.Seal("token"), out _), Is.False);
        Assert.That(others.DeviceId("token"), Is.Not.EqualTo(tokens.DeviceId("token")), "device ids are keyed");
    }

    [Test]
    public void An_opened_token_is_remembered_by_its_box()
    {
        var keys = SealingKeyPair.Generate();
        using var tokens = new DeviceTokens(keys, cacheMax: 10);
        var box = tokens.Seal("mine", "device");
        Assert.That(tokens.TryOpen(box, out _));
        keys.Dispose();

        Assert.That(tokens.TryOpen(box, out var opened), "it is not opened anew");
        Assert.That(opened!.Token, Is.EqualTo("mine"));
        tokens.Forget(box);
        Assert.That(() => tokens.TryOpen(box, out _), Throws.InstanceOf<ObjectDisposedException>(), "forgotten");
    }

    [TestCase("{}")]
    [TestCase("{\"token\":null}")]
    [TestCase("{\"token\":\"\"}")]
    [TestCase("[]")]
    [TestCase("noise")]
    [TestCase("")]
    public void Whatever_else_is_sealed_is_not_a_token(string content)
    {
        var keys = SealingKeyPair.Generate();
        using var tokens = new DeviceTokens(keys, cacheMax: 10);

        Assert.That(tokens.TryOpen(SealedBox.Seal(System.Text.Encoding.UTF8.GetBytes(content), keys.PublicKey.Span), out _), Is.False);
    }

    [Test]
    public void The_memory_is_bounded()
    {
        var cache = new BoundedCache<int, string>(3);
        for (var i = 0; i < 10; i++)
        {
            cache.Set(i, $"{i}");
            cache.TryGet(0, out _);
        }

        Assert.That(cache.Count, Is.EqualTo(3));
        Assert.That(cache.TryGet(0, out _), "what was asked for lately stays");
        Assert.That(cache.TryGet(5, out _), Is.False);
        Assert.That(cache.TryGet(9, out _));
    }

    [TestCase("Unregistered", "Unregistered")]
    [TestCase("a\nb<script>\"é", "a_b_script___")]
    [TestCase(null, "")]
    public void A_reason_is_made_safe(string? reason, string expected) => Assert.That(ReasonText.Clean(reason), Is.EqualTo(expected));

    [Test]
    public void A_long_reason_is_cut() => Assert.That(ReasonText.Clean(new string('x', 1000)), Has.Length.EqualTo(ReasonText.LengthMax));
}
