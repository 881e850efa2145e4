using System.Security.Cryptography;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using Sotto.TestSupport;
using Sotto.WebPush;

namespace WebPush.Tests;

[Category("vectors")]
public sealed class ContentEncryptionTests
{
    private static readonly JsonElement Vectors = WebPushVectors.File("webpush-rfc8291.json");

    [Test]
    public void The_example_of_RFC_8291_is_reproduced()
    {
        var example = Vectors.GetProperty("rfc8291");
        var receiver = Receiver.From(example.Text("ua_private"), example.Text("ua_public"), example.Text("auth_secret"));

        var body = Encrypt(example, receiver, Receiver.Bytes(example.Text("plaintext_b64u")), padding: 0);

        Assert.That(body, Is.EqualTo(Receiver.Bytes(example.Text("body_b64u"))));
    }

    [TestCaseSource(nameof(OurCases))]
    public void Every_case_of_the_file_is_reproduced(JsonElement @case)
    {
        var common = Vectors.GetProperty("our_cases");
        var receiver = Receiver.From(common.Text("ua_private"), common.Text("ua_public"), common.Text("auth_secret"));
        var plaintext = @case.GetProperty("plaintext_b64u").GetString() is { } text
            ? Receiver.Bytes(text)
            : [.. Enumerable.Range(0, 15).SelectMany(_ => Enumerable.Range(0, 256)).Select(b => (byte)b), .. new byte[153]];

        var body = Encrypt(@case, receiver, plaintext, @case.GetProperty("padding").GetInt32());

        Assert.That(body, Has.Length.EqualTo(@case.GetProperty("body_len").GetInt32()));
        Assert.That(Convert.ToHexStringLower(SHA256.HashData(body)), Is.EqualTo(@case.Text("body_sha256")));
        // The receiver strips zeros from the end, so a plaintext that ends in zeros is told apart by the delimiter alone.
        Assert.That(receiver.Open(body), Is.EqualTo(plaintext));
    }

    [TestCaseSource(nameof(Refusals))]
    public void A_malformed_key_is_refused_when_the_device_subscribes(JsonElement @case)
    {
        var common = Vectors.GetProperty("our_cases");
        var p256dh = @case.TryGetProperty("p256dh", out var key) ? key.GetString() : common.Text("ua_public");
        var auth = @case.TryGetProperty("auth", out var secret) ? secret.GetString() : common.Text("auth_secret");

        var wrong = WebPushSubscription.TryCreate("https://push.example.net/p/abc", p256dh, auth, Receiver.Rules, out _);

        Assert.That(wrong is null, Is.EqualTo(@case.Text("expect").StartsWith("accept", StringComparison.Ordinal)), wrong);
    }

    [Test]
    public void Any_message_is_opened_by_its_receiver_and_by_nobody_else() =>
        Prop.ForAll((byte[] plaintext, byte padding) =>
        {
            var receiver = Receiver.Create();
            var body = ContentEncryption.Encrypt(receiver.Subscription(), plaintext, padding);
            return receiver.Open(body)!.SequenceEqual(plaintext) && Receiver.Create().Open(body) is null;
        }).QuickCheckThrowOnFailure();

    [Test]
    public void A_message_that_a_push_service_might_refuse_is_refused_here()
    {
        var receiver = Receiver.Create().Subscription();

        Assert.That(Vectors.GetProperty("limits").GetProperty("max_plaintext").GetInt32(), Is.EqualTo(ContentEncryption.PlaintextBytesMax));
        Assert.That(ContentEncryption.Encrypt(receiver, new byte[ContentEncryption.PlaintextBytesMax]), Has.Length.EqualTo(ContentEncryption.BodyBytesMax));
        Assert.That(() => ContentEncryption.Encrypt(receiver, new byte[ContentEncryption.PlaintextBytesMax], padding: 1), Throws.ArgumentException);
    }

    private static IEnumerable<TestCaseData> OurCases() => WebPushVectors.Cases(Vectors.GetProperty("our_cases").GetProperty("cases"));

    private static IEnumerable<TestCaseData> Refusals() => WebPushVectors.Cases(Vectors.GetProperty("negative"))
        .Where(@case => ((JsonElement)@case.Arguments[0]!).TryGetProperty("body_b64u", out _) is false);

    private static byte[] Encrypt(JsonElement vector, Receiver receiver, byte[] plaintext, int padding)
    {
        var point = Receiver.Bytes(vector.Text("as_public"));
        using var sender = ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = Receiver.Bytes(vector.Text("as_private")),
            Q = new ECPoint { X = point[1..33], Y = point[33..] },
        });
        return ContentEncryption.Encrypt(receiver.Subscription(), plaintext, padding, sender, Receiver.Bytes(vector.Text("salt")));
    }
}
