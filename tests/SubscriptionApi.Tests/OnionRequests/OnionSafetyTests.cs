using System.Buffers.Binary;
using System.Text;
using Sotto.FakePhone;
using Sotto.OnionRequests;
using SubscriptionApi.Tests.Support;
using OnionCipher = Sotto.FakePhone.OnionCipher;

namespace SubscriptionApi.Tests.OnionRequests;

/// <summary>A stranger who posts bytes learns nothing but that they were refused, and costs little.</summary>
public sealed class OnionSafetyTests
{
    private const int OneMebibyte = 1 << 20;

    private ApiUnderTest _api = null!;

    [OneTimeSetUp]
    public async Task Start() => _api = await ApiUnderTest.StartedAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [Test]
    public async Task Every_way_to_be_no_request_is_answered_alike()
    {
        var answers = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (_, body) in NoRequests(_api.OnionPublicKey))
        {
            var answer = await RawHttp.ExchangeAsync(
                _api.Address, $"POST /oxen/v4/lsrpc HTTP/1.1\r\nHost: sotto\r\nContent-Length: {body.Length}\r\n\r\n{Encoding.Latin1.GetString(body)}");
            answers.Add(string.Join('\n', answer.Split("\r\n").Where(line => !line.StartsWith("Date: ", StringComparison.Ordinal))));
        }

        Assert.That(answers, Has.Count.EqualTo(1));
        Assert.That(answers.Single(), Does.StartWith("HTTP/1.1 400 ").And.EndWith("Bad request\n"));
    }

    [Test]
    public void What_is_too_large_or_too_short_is_refused_before_any_cryptography()
    {
        // A key that has ended throws when it is used.
        var key = OnionKey.FromPrivateKey([.. Enumerable.Range(1, 32).Select(i => (byte)i)]);
        var publicKey = key.PublicKey.ToArray();
        key.Dispose();
        var good = OnionLetter.Seal(publicKey, OnionCipher.AesGcm, "payload"u8).Body;
        Assert.That(() => OnionRequest.TryOpen(key, good, out _, out _), Throws.InstanceOf<ObjectDisposedException>());

        foreach (var (what, body) in NoRequests(publicKey).Where(entry => !entry.What.StartsWith("key:", StringComparison.Ordinal)))
            Assert.That(OnionRequest.TryOpen(key, body, out _, out _), Is.False, what);
        Assert.That(OnionRequest.TryOpen(key, new byte[OnionRequest.BodyBytesMax + 1], out _, out _), Is.False);
        Assert.That(OnionRequest.TryOpen(key, WithControl(good, WithSpace(ControlOf(good), OnionRequest.ControlBytesMax + 1)), out _, out _), Is.False);
    }

    [Test]
    public void Opening_a_request_takes_no_more_memory_than_its_body()
    {
        using var key = OnionKey.FromPrivateKey([.. Enumerable.Range(1, 32).Select(i => (byte)i)]);
        foreach (var cipher in Enum.GetValues<OnionCipher>())
        {
            var small = V4Envelope.WriteRequest("POST", "/subscribe", new byte[1_000]);
            OnionRequest.TryOpen(key, OnionLetter.Seal(key.PublicKey.Span, cipher, small).Body, out _, out _);
            var large = OnionLetter.Seal(key.PublicKey.Span, cipher, V4Envelope.WriteRequest("POST", "/subscribe", new byte[OneMebibyte])).Body;
            var before = GC.GetAllocatedBytesForCurrentThread();

            Assert.That(OnionRequest.TryOpen(key, large, out var payload, out _), Is.True);
            Assert.That(V4Request.TryParse(payload, out _), Is.True);

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(large.Length + 64_000));
        }
    }

    [Test]
    public async Task The_headers_of_the_outer_request_do_not_reach_the_inner_one()
    {
        var letter = OnionLetter.Seal(_api.OnionPublicKey, OnionCipher.AesGcm, V4Envelope.WriteRequest("POST", "/subscribe", "[]"u8));
        using var outside = new HttpRequestMessage(HttpMethod.Post, new Uri(_api.Address, "/oxen/v4/lsrpc?x=1")) { Content = new ByteArrayContent(letter.Body) };
        outside.Content.Headers.TryAddWithoutValidation("Content-Type", "text/plain");
        outside.Headers.TryAddWithoutValidation("X-HTTP-Method-Override", "GET");

        using var response = await _api.Http.SendAsync(outside, CancellationToken.None);
        var (code, body) = V4Envelope.ReadResponse(letter.Open(await response.Content.ReadAsByteArrayAsync()));

        Assert.That((code, Encoding.UTF8.GetString(body)), Is.EqualTo((200, "[]")));
    }

    [Test]
    public async Task A_body_in_chunks_is_read_up_to_the_limit()
    {
        var letter = OnionLetter.Seal(_api.OnionPublicKey, OnionCipher.XChaCha20, V4Envelope.WriteRequest("POST", "/subscribe", "[]"u8));
        var chunk = $"{letter.Body.Length:x}\r\n{Encoding.Latin1.GetString(letter.Body)}\r\n0\r\n\r\n";

        Assert.That(await RawHttp.ExchangeAsync(_api.Address, $"POST /oxen/v4/lsrpc HTTP/1.1\r\nHost: sotto\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"), Does.StartWith("HTTP/1.1 200 "));
    }

    // Those named "key:" can be told from a request only by its key.
    private static IEnumerable<(string What, byte[] Body)> NoRequests(byte[] serverKey)
    {
        var good = OnionLetter.Seal(serverKey, OnionCipher.AesGcm, V4Envelope.WriteRequest("POST", "/subscribe", "[]"u8)).Body;
        yield return ("empty", []);
        yield return ("three bytes", good[..3]);
        yield return ("no JSON", good[..^10]);
        yield return ("a length beyond the end", [255, 255, 255, 255, .. good[4..]]);
        yield return ("a negative length", [0, 0, 0, 128, .. good[4..]]);
        yield return ("no key", WithControl(good, "{}"));
        yield return ("a key of another size", WithControl(good, "{\"ephemeral_key\":\"00\"}"));
        yield return ("another cipher", WithControl(good, ControlOf(good).Replace("{", "{\"enc_type\":\"aes-cbc\",", StringComparison.Ordinal)));
        yield return ("no ciphertext", [0, 0, 0, 0, .. Encoding.UTF8.GetBytes(ControlOf(good))]);
        yield return ("a ciphertext without room for its tag", [27, 0, 0, 0, .. new byte[27], .. Encoding.UTF8.GetBytes(ControlOf(good))]);
        yield return ("key: of small order", WithControl(good, $"{{\"ephemeral_key\":\"{new string('0', 64)}\"}}"));
        yield return ("key: another", WithControl(good, $"{{\"ephemeral_key\":\"{new string('7', 64)}\"}}"));
        yield return ("key: nonce changed", Changed(good, 4));
        yield return ("key: ciphertext changed", Changed(good, 20));
        yield return ("key: the other cipher", WithControl(good, ControlOf(good).Replace("{", "{\"enc_type\":\"xchacha20\",", StringComparison.Ordinal)));
    }

    private static byte[] Changed(byte[] body, int at)
    {
        var changed = body.ToArray();
        changed[at] ^= 1;
        return changed;
    }

    private static string ControlOf(byte[] body) => Encoding.UTF8.GetString(body.AsSpan(4 + BinaryPrimitives.ReadInt32LittleEndian(body)));

    private static byte[] WithControl(byte[] body, string control) => [.. body[..(4 + BinaryPrimitives.ReadInt32LittleEndian(body))], .. Encoding.UTF8.GetBytes(control)];

    private static string WithSpace(string control, int length) => control.PadRight(length);
}
