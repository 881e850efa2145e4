using BenchmarkDotNet.Attributes;
using Sotto.Sodium;

namespace Sotto.Bench.Micro;

/// <summary>What each subscription costs before anything else.</summary>
public class SignatureBenchmarks
{
    // A MONITOR text: the word, an account in hex, a time, a flag, a namespace.
    private const int SignedTextBytes = 90;

    private readonly byte[] _text = Samples.Bytes(SignedTextBytes);
    private readonly byte[] _signature = new byte[Ed25519.SignatureSize];
    private readonly byte[] _publicKey = new byte[Ed25519.PublicKeySize];
    private readonly byte[] _x25519 = new byte[X25519.KeySize];

    [GlobalSetup]
    public void Prepare()
    {
        var secretKey = new byte[Ed25519.SecretKeySize];
        Ed25519.KeyPairFromSeed(Samples.Bytes(Ed25519.SeedSize), _publicKey, secretKey);
        Ed25519.Sign(_text, secretKey, _signature);
    }

    [Benchmark]
    public bool VerifyEd25519() => Ed25519.Verify(_signature, _text, _publicKey);

    /// <summary>Whether an account is that of an Ed25519 key.</summary>
    [Benchmark]
    public bool ConvertEd25519ToX25519() => Ed25519.TryToX25519(_publicKey, _x25519);
}
