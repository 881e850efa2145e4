using System.Text;
using Sotto.OnionRequests;

namespace Protocols.Tests.OnionRequests;

public sealed class OnionRequestTests
{
    private const string Base32 = "ybndrfg8ejkmcpqxot1uwisza345h769";

    private readonly OnionKey _key = OnionKey.FromPrivateKey([.. Enumerable.Range(1, 32).Select(i => (byte)i)]);

    [OneTimeTearDown]
    public void Forget() => _key.Dispose();

    [Test]
    public void Any_request_is_opened_and_its_answer_too() => Prop.ForAll((byte[] payload, byte[] answer, bool isAes) =>
    {
        using var client = new OnionClient(_key.PublicKey.Span, isAes);
        return OnionRequest.TryOpen(_key, client.Body(payload), out var opened, out var reply) && opened.SequenceEqual(payload)
            && client.Open(reply.Seal(answer)).SequenceEqual(answer)
            && !reply.Seal(answer).SequenceEqual(reply.Seal(answer));
    }).Check(200);

    [Test]
    public void The_client_s_key_may_be_spelt_in_many_ways([Values] bool isAes)
    {
        using var client = new OnionClient(_key.PublicKey.Span, isAes);
        var base64 = Convert.ToBase64String(client.PublicKey);
        string[] spellings = [Convert.ToHexString(client.PublicKey), Convert.ToHexStringLower(client.PublicKey), base64, base64.TrimEnd('='), ToBase32(client.PublicKey)];
        foreach (var spelling in spellings)
            Assert.That(Opens(client, spelling), Is.True, $"{spelling.Length} characters");

        string[] others = ["", spellings[0][..^1], spellings[0] + "0", base64.TrimEnd('=')[..^1], base64 + "=", " " + base64[1..], ToBase32(client.PublicKey) + "y", new string('0', 64)];
        foreach (var spelling in others)
            Assert.That(Opens(client, spelling), Is.False, $"{spelling.Length} characters");
    }

    [TestCase("\"enc_type\":null")]
    [TestCase("\"enc_type\":1")]
    [TestCase("\"enc_type\":\"AES-GCM\"")]
    [TestCase("\"enc_type\":\"aes-cbc\"")]
    [TestCase("\"enc_type\":\"xchacha20\"")]
    [TestCase("\"enc_type\":\"\"")]
    [TestCase("\"enc_type\":\"\\ud800\"")]
    [TestCase("\"ephemeral_key\":null")]
    [TestCase("\"ephemeral_key\":[]")]
    [TestCase("\"ephemeral_key\":\"\\ud800\"")]
    public void A_request_with_another_cipher_or_key_is_refused(string member)
    {
        using var client = new OnionClient(_key.PublicKey.Span, isAes: true);
        var control = $$"""{"ephemeral_key":"{{Convert.ToHexStringLower(client.PublicKey)}}",{{member}}}""";

        Assert.That(OnionRequest.TryOpen(_key, client.Body([1, 2, 3], control), out _, out _), Is.False);
    }

    [TestCase("\uFEFF{\"ephemeral_key\":\"@\"}", true)]
    [TestCase("{\"ephemeral_key\":\"@\"}\0junk", true)]
    [TestCase("{\"ephemeral_key\":7,\"ephemeral_key\":\"@\"}", true)]
    [TestCase("{\"ephemeral_key\":\"@\",\"ephemeral_key\":7}", false)]
    [TestCase("{\"\\u0065phemeral_key\":\"@\",\"enc_type\":\"gcm\"}", true)]
    [TestCase("{\"enc_type\":null,\"ephemeral_key\":\"@\",\"enc_type\":\"aes-gcm\"}", true)]
    [TestCase("{\"x\":[[[{}]]],\"ephemeral_key\":\"@\"}", true)]
    [TestCase("{\"x\":\"\\ud800\",\"ephemeral_key\":\"@\"}", false)]
    [TestCase("{\"x\":1e400,\"ephemeral_key\":\"@\"}", false)]
    [TestCase("{\"x\":NaN,\"ephemeral_key\":\"@\"}", false)]
    [TestCase("{\"ephemeral_key\":\"@\"}x", false)]
    public void The_JSON_is_read_as_the_reference_reads_it(string control, bool isTaken)
    {
        using var client = new OnionClient(_key.PublicKey.Span, isAes: true);

        var body = client.Body([1, 2, 3], control.Replace("@", Convert.ToHexStringLower(client.PublicKey), StringComparison.Ordinal));

        Assert.That(OnionRequest.TryOpen(_key, body, out _, out _), Is.EqualTo(isTaken));
    }

    [TestCase("")]
    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("{")]
    [TestCase("{} x")]
    public void A_request_without_its_JSON_is_refused(string control)
    {
        using var client = new OnionClient(_key.PublicKey.Span, isAes: true);

        Assert.That(OnionRequest.TryOpen(_key, client.Body([1], control), out _, out _), Is.False);
    }

    [Test]
    public void Every_beginning_is_refused([Values] bool isAes)
    {
        using var client = new OnionClient(_key.PublicKey.Span, isAes);

        Assert.That(Hostile.Truncations(client.Body([1, 2, 3])).Any(cut => OnionRequest.TryOpen(_key, cut, out _, out _)), Is.False);
    }

    [Test]
    public void A_changed_ciphertext_is_refused() => Prop.ForAll((byte[] payload, NonNegativeInt at, bool isAes) =>
    {
        using var client = new OnionClient(_key.PublicKey.Span, isAes);
        var body = client.Body(payload);
        body[4 + at.Get % (payload.Length + 28)] ^= 1;
        return !OnionRequest.TryOpen(_key, body, out var opened, out var reply) && opened is null && reply is null;
    }).Check(200);

    [Test]
    public void Whatever_strangers_make_of_it_nothing_is_thrown() => Prop.ForAll((int seed, bool isAes) =>
    {
        using var client = new OnionClient(_key.PublicKey.Span, isAes);
        return !OnionRequest.TryOpen(_key, Hostile.Mutate(client.Body([1, 2, 3]), seed), out var opened, out _) || opened.SequenceEqual((byte[])[1, 2, 3]);
    }).Check(1000);

    [Test]
    public void Noise_throws_nothing() => Prop.ForAll((byte[] noise) => !OnionRequest.TryOpen(_key, noise, out _, out _)).Check(500);

    [Test]
    public void Sizes_have_limits()
    {
        using var client = new OnionClient(_key.PublicKey.Span, isAes: false);
        var longControl = client.Control[..^1] + ",\"x\":\"" + new string('x', OnionRequest.ControlBytesMax - client.Control.Length - 7) + "\"}";
        var largest = new byte[OnionRequest.BodyBytesMax - 4 - 40 - client.Control.Length];

        Assert.That(OnionRequest.TryOpen(_key, client.Body(largest), out _, out _), Is.True);
        Assert.That(OnionRequest.TryOpen(_key, client.Body([.. largest, 0]), out _, out _), Is.False);
        Assert.That(OnionRequest.TryOpen(_key, client.Body([1], longControl), out _, out _), Is.True);
        Assert.That(OnionRequest.TryOpen(_key, client.Body([1], longControl + " "), out _, out _), Is.False);
        Assert.That(OnionRequest.TryOpen(_key, new byte[] { 0xff, 0xff, 0xff, 0xff, (byte)'{', (byte)'}' }, out _, out _), Is.False);
    }

    [Test]
    public void Keys_print_nothing()
    {
        using var client = new OnionClient(_key.PublicKey.Span, isAes: true);
        OnionRequest.TryOpen(_key, client.Body([1]), out _, out var reply);

        Assert.That($"{_key} {reply}", Is.EqualTo("[REDACTED] [REDACTED]"));
    }

    private bool Opens(OnionClient client, string spelling)
    {
        var control = client.Control.Replace(Convert.ToHexStringLower(client.PublicKey), spelling, StringComparison.Ordinal);
        return OnionRequest.TryOpen(_key, client.Body(Encoding.ASCII.GetBytes("hello"), control), out _, out _);
    }

    private static string ToBase32(byte[] bytes)
    {
        var bits = string.Concat(bytes.Select(b => b.ToString("b8", System.Globalization.CultureInfo.InvariantCulture))) + "0000";
        return string.Concat(bits.Chunk(5).Select(five => Base32[Convert.ToInt32(new string(five), 2)]));
    }
}
