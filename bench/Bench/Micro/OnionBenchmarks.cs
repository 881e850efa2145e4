using System.Text;
using BenchmarkDotNet.Attributes;
using Sotto.FakePhone;
using Sotto.OnionRequests;
using OnionCipher = Sotto.FakePhone.OnionCipher;
using Phone = Sotto.FakePhone.FakePhone;

namespace Sotto.Bench.Micro;

/// <summary>An onion request of one subscription, as a phone seals it: opened, read, answered.</summary>
public class OnionBenchmarks
{
    private readonly OnionKey _key = OnionKey.FromPrivateKey(Samples.Bytes(32));
    private byte[] _body = [];

    [Params(OnionCipher.AesGcm, OnionCipher.XChaCha20)]
    public OnionCipher Cipher { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        var request = Phone.Create(seed: 1).SubscribeRequest("apns", [0]).ToJsonString();
        _body = OnionLetter.Seal(_key.PublicKey.Span, Cipher, V4Envelope.WriteRequest("POST", "/subscribe", Encoding.UTF8.GetBytes(request))).Body;
    }

    [GlobalCleanup]
    public void Forget() => _key.Dispose();

    [Benchmark]
    public byte[] OpenOnionAndReply()
    {
        if (!OnionRequest.TryOpen(_key, _body, out var payload, out var reply) || !V4Request.TryParse(payload, out var request))
            throw new InvalidOperationException("The onion request does not open.");
        return reply.Seal(V4Response.Write(200, request.Headers, "{\"added\":true,\"message\":\"Subscription successful\",\"success\":true}"u8));
    }
}
