using System.Text;
using Sotto.Session;

namespace Protocols.Tests.Session;

public sealed class SubscriptionSignatureTests
{
    private const byte Read = 0x01;
    private const byte ReadAnyPrefix = 0x09;

    private static readonly Phone Owner = new(1);
    private static readonly Phone Member = new(2);
    private static readonly byte[] Text = SignedText.Monitor(Owner.Session, 1_730_156_400, wantsData: true, [-11, 11]);

    [Test]
    public void The_signed_texts_are_those_of_the_protocol()
    {
        var account = AccountId.Create([0x03, .. Enumerable.Repeat((byte)0xAB, 32)]);
        var hex = "03" + string.Concat(Enumerable.Repeat("ab", 32));

        Assert.That(Encoding.ASCII.GetString(SignedText.Monitor(account, 1_730_156_400, true, [-11, 11])), Is.EqualTo($"MONITOR{hex}17301564001-11,11"));
        Assert.That(Encoding.ASCII.GetString(SignedText.Monitor(account, -1, false, [0])), Is.EqualTo($"MONITOR{hex}-100"));
        Assert.That(Encoding.ASCII.GetString(SignedText.Unsubscribe(account, 5)), Is.EqualTo($"UNSUBSCRIBE{hex}5"));
    }

    [Test]
    public void A_person_s_own_signature_is_taken() =>
        Assert.That(SubscriptionSignature.Verify(Owner.Session, Owner.PublicKey, null, null, Text, Owner.Sign(Text)), Is.Null);

    [Test]
    public void A_group_s_own_signature_is_taken_whatever_else_is_sent() =>
        Assert.That(SubscriptionSignature.Verify(Owner.Group, new byte[3], null, null, Text, Owner.Sign(Text)), Is.Null);

    [Test]
    public void A_key_that_is_not_the_account_s_is_refused()
    {
        Assert.That(SubscriptionSignature.Verify(Owner.Session, Member.PublicKey, null, null, Text, Member.Sign(Text)), Is.Not.Null);
        Assert.That(SubscriptionSignature.Verify(Owner.Session, null, null, null, Text, Owner.Sign(Text)), Is.Not.Null);
        Assert.That(SubscriptionSignature.Verify(Owner.Session, [], null, null, Text, Owner.Sign(Text)), Is.Not.Null);
        Assert.That(SubscriptionSignature.Verify(Owner.Group, null, null, null, Text, Member.Sign(Text)), Is.Not.Null);
    }

    [TestCase((byte)0x03, Read, true)]
    [TestCase((byte)0x03, (byte)0x0f, true)]
    [TestCase((byte)0x05, ReadAnyPrefix, true)]
    [TestCase((byte)0x05, Read, false)]
    [TestCase((byte)0x03, (byte)0x00, false)]
    [TestCase((byte)0x03, (byte)0x0e, false)]
    public void A_subaccount_s_token_decides_what_it_may(byte prefix, byte flags, bool isTaken)
    {
        var token = Member.Token(prefix, flags);

        var error = SubscriptionSignature.Verify(Owner.Group, null, token, Owner.Sign(token), Text, Member.Sign(Text));

        Assert.That(error is null, Is.EqualTo(isTaken), error);
    }

    [Test]
    public void A_subaccount_of_a_person_is_signed_by_the_person_s_Ed25519_key()
    {
        var token = Member.Token(0x05, Read);

        Assert.That(SubscriptionSignature.Verify(Owner.Session, Owner.PublicKey, token, Owner.Sign(token), Text, Member.Sign(Text)), Is.Null);
    }

    [Test]
    public void A_subaccount_that_the_owner_did_not_sign_is_refused()
    {
        var token = Member.Token(0x03, Read);

        Assert.That(SubscriptionSignature.Verify(Owner.Group, null, token, Member.Sign(token), Text, Member.Sign(Text)), Is.Not.Null);
        Assert.That(SubscriptionSignature.Verify(Owner.Group, null, token, null, Text, Member.Sign(Text)), Is.Not.Null);
        Assert.That(SubscriptionSignature.Verify(Owner.Group, null, token[..35], Owner.Sign(token.AsSpan(0, 35)), Text, Member.Sign(Text)), Is.Not.Null);
    }

    [Test]
    public void A_subaccount_signs_itself()
    {
        var token = Member.Token(0x03, Read);

        Assert.That(SubscriptionSignature.Verify(Owner.Group, null, token, Owner.Sign(token), Text, Owner.Sign(Text)), Is.Not.Null);
    }

    [Test]
    public void No_sentence_for_the_client_contains_the_account() => Prop.ForAll((byte[] token, byte[] signature) =>
    {
        var error = SubscriptionSignature.Verify(Owner.Group, null, token, signature, Text, signature);
        return error is not null && !error.Contains(Convert.ToHexStringLower(Owner.Group.Key)[..8], StringComparison.OrdinalIgnoreCase);
    }).Check(100);

    [TestCase(0, false)]
    [TestCase(1, true)]
    [TestCase(14 * 86_400 + 86_399, true)]
    [TestCase(14 * 86_400 + 86_400, false)]
    public void A_monitor_signature_is_younger_than_14_days_and_less_than_one_ahead(int secondsAfterOldest, bool isTaken)
    {
        const long Now = 1_730_160_000;

        Assert.That(SignatureTime.AllowsMonitor(Now - 14 * 86_400 + secondsAfterOldest, Now), Is.EqualTo(isTaken));
        Assert.That(SignatureTime.AllowsMonitor(long.MinValue, Now) || SignatureTime.AllowsMonitor(long.MaxValue, Now), Is.False);
    }

    [TestCase(-86_401, false)]
    [TestCase(-86_400, true)]
    [TestCase(86_400, true)]
    [TestCase(86_401, false)]
    public void An_unsubscribe_signature_is_within_a_day(int seconds, bool isTaken) =>
        Assert.That(SignatureTime.AllowsUnsubscribe(1_730_160_000 + seconds, 1_730_160_000), Is.EqualTo(isTaken));

    [Test]
    public void Namespaces_ascend_strictly()
    {
        Assert.That(NamespaceList.Verify([short.MinValue, -11, 0, 11, short.MaxValue]), Is.Null);
        Assert.That(NamespaceList.Verify([0]), Is.Null);
        Assert.That(NamespaceList.Verify([]), Does.Contain("empty"));
        Assert.That(NamespaceList.Verify([1, 0]), Does.Contain("not sorted"));
        Assert.That(NamespaceList.Verify([0, 0]), Does.Contain("duplicates"));
        Assert.That(NamespaceList.Verify([0, 0, -1]), Does.Contain("not sorted"));
    }
}
