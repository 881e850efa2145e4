using BenchmarkDotNet.Attributes;
using Sotto.Session;
using Sotto.Sodium;

namespace Sotto.Bench.Micro;

/// <summary>Seals.</summary>
public class CryptoBenchmarks
{
    private readonly SealingKeyPair _keys = SealingKeyPair.Generate();
    private readonly byte[] _key = Samples.Bytes(XChaCha20Poly1305.KeySize);
    private readonly byte[] _nonce = Samples.Bytes(XChaCha20Poly1305.NonceSize);
    private byte[] _plaintext = [];
    private byte[] _ciphertext = [];
    private byte[] _box = [];

    [Params(300, 2_500)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _plaintext = Samples.Bytes(Size);
        _ciphertext = new byte[Size + XChaCha20Poly1305.TagSize];
        _box = SealedBox.Seal(_plaintext, _keys.PublicKey.Span);
    }

    [GlobalCleanup]
    public void Forget() => _keys.Dispose();

    [Benchmark]
    public void EncryptXchacha() => XChaCha20Poly1305.Encrypt(_plaintext, _nonce, _key, _ciphertext);

    /// <summary>With a nonce of its own and the nonce in front: what is done for each push.</summary>
    [Benchmark]
    public byte[] SealEnvelope() => NotificationEnvelope.Seal(_plaintext, _key);

    [Benchmark]
    public byte[] SealBox() => SealedBox.Seal(_plaintext, _keys.PublicKey.Span);

    [Benchmark]
    public bool OpenBox() => SealedBox.TryOpen(_box, _keys, out _);
}
