using NUnit.Framework;
using Sotto.FakePhone;
using Sotto.Sodium;

namespace Simulators.Tests.Phone;

/// <summary>What a phone is: the same for the same seed, and in its vendors' shapes.</summary>
public sealed class FakePhoneTests
{
    [Test]
    public void A_seed_makes_the_same_phone_again_and_another_seed_another()
    {
        var (one, again, other) = (FakePhone.Create(1), FakePhone.Create(1), FakePhone.Create(2));

        Assert.That((again.Account.Hex, again.TokenFor("apns")), Is.EqualTo((one.Account.Hex, one.TokenFor("apns"))));
        Assert.That(again.EnvelopeKey.ToArray(), Is.EqualTo(one.EnvelopeKey.ToArray()));
        Assert.That(other.Account.Hex, Is.Not.EqualTo(one.Account.Hex));
        var (random, anotherRandom) = (FakePhone.Create(), FakePhone.Create());
        Assert.That(random.Account.Hex, Is.Not.EqualTo(anotherRandom.Account.Hex));
    }

    [TestCase("apns", "^[0-9a-f]{64}$")]
    [TestCase("apns-sandbox", "^[0-9a-f]{64}$")]
    [TestCase("firebase", "^d[A-Za-z0-9_-]{21}:APA91b[A-Za-z0-9_-]{134}$")]
    [TestCase("huawei", "^IQAAAACy[A-Za-z0-9_-]{122}$")]
    public void A_device_token_has_its_vendors_shape(string service, string shape) =>
        Assert.That(FakePhone.Create(3).TokenFor(service), Does.Match(shape));

    [TestCase(ByteForm.Hex)]
    [TestCase(ByteForm.HexUpper)]
    [TestCase(ByteForm.Base64)]
    [TestCase(ByteForm.Base64Unpadded)]
    public void Bytes_are_written_in_the_form_that_was_chosen(ByteForm form)
    {
        var request = FakePhone.Create(4).Writing(form).SubscribeRequest("apns", [0]);

        Assert.That(request["enc_key"]!.GetValue<string>(), Is.EqualTo(form.Write(FakePhone.Create(4).EnvelopeKey.Span)));
        Assert.That(request["pubkey"]!.GetValue<string>(), Has.Length.EqualTo(form switch { ByteForm.Hex or ByteForm.HexUpper => 66, _ => 44 }));
    }

    [Test]
    public void A_group_is_known_by_its_own_key_and_a_user_by_a_converted_one()
    {
        var (user, group) = (SessionAccount.Create(5), SessionAccount.CreateGroup(5));
        var converted = new byte[32];
        Assert.That(Ed25519.TryToX25519(user.SessionEd25519, converted));

        Assert.That(user.Id, Is.EqualTo((byte[])[5, .. converted]));
        Assert.That((group.Id[0], group.SessionEd25519), Is.EqualTo(((byte)3, (byte[]?)null)));
        Assert.That(Ed25519.Verify(group.Sign("text"u8), "text"u8, group.Id.AsSpan(1)));
    }

    [Test]
    public void A_member_signs_with_a_key_that_the_owner_signed()
    {
        var group = SessionAccount.CreateGroup(6);
        var member = group.Subaccount(SessionAccount.Rights.Read, seed: 7);

        Assert.That(member.SubaccountToken!.AsSpan(0, 4).ToArray(), Is.EqualTo(new byte[] { 3, 1, 0, 0 }));
        Assert.That(Ed25519.Verify(member.SubaccountSignature, member.SubaccountToken, group.Id.AsSpan(1)), "the owner signed the token");
        Assert.That(Ed25519.Verify(member.Sign("text"u8), "text"u8, member.SubaccountToken.AsSpan(4)), "the member signs the text");
    }

    [Test]
    public void Nothing_secret_is_printed()
    {
        var phone = FakePhone.Create(8);

        Assert.That($"{phone} {phone.Account}", Is.EqualTo("[phone] [account]"));
    }
}
