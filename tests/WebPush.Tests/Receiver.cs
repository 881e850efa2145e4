using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Sotto.WebPush;

namespace WebPush.Tests;

/// <summary>The other side: a browser that made a subscription and opens what comes, written apart from the code under test.</summary>
internal sealed class Receiver(ECDiffieHellman key, byte[] authSecret)
{
    public static readonly EndpointRules Rules = new();

    public static Receiver Create() => new(ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256), RandomNumberGenerator.GetBytes(16));

    public static Receiver From(string privateKey, string publicKey, string authSecret)
    {
        var point = Bytes(publicKey);
        return new(
            ECDiffieHellman.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                D = Bytes(privateKey),
                Q = new ECPoint { X = point[1..33], Y = point[33..] },
            }),
            Bytes(authSecret));
    }

    public static byte[] Bytes(string base64Url) => Base64Url.DecodeFromChars(base64Url);

    public WebPushSubscription Subscription(string endpoint = "https://push.example.net/p/abc")
    {
        var wrong = WebPushSubscription.TryCreate(
            endpoint, Base64Url.EncodeToString(PublicKey), Base64Url.EncodeToString(authSecret), Rules, out var subscription);
        return subscription ?? throw new InvalidOperationException(wrong);
    }

    /// <summary>Null when the body cannot be opened.</summary>
    public byte[]? Open(byte[] body)
    {
        var salt = body[..16];
        var senderKey = body[21..86];
        using var sender = ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = senderKey[1..33], Y = senderKey[33..] },
        });
        var shared = key.DeriveRawSecretAgreement(sender.PublicKey);
        var pseudoRandom = HMACSHA256.HashData(authSecret, shared);
        byte[] info = [.. Encoding.ASCII.GetBytes("WebPush: info\0"), .. PublicKey, .. senderKey, 1];
        var input = HMACSHA256.HashData(pseudoRandom, info);
        var content = HMACSHA256.HashData(salt, input);
        var contentKey = HMACSHA256.HashData(content, Encoding.ASCII.GetBytes("Content-Encoding: aes128gcm\0\x01"))[..16];
        var nonce = HMACSHA256.HashData(content, Encoding.ASCII.GetBytes("Content-Encoding: nonce\0\x01"))[..12];
        var record = new byte[body.Length - 86 - 16];
        using var aes = new AesGcm(contentKey, 16);
        try
        {
            aes.Decrypt(nonce, body.AsSpan(86, record.Length), body.AsSpan(86 + record.Length), record);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }

        var end = Array.FindLastIndex(record, b => b != 0);
        return end >= 0 && record[end] == 2 ? record[..end] : null;
    }

    private byte[] PublicKey
    {
        get
        {
            var point = key.ExportParameters(false).Q;
            return [4, .. point.X!, .. point.Y!];
        }
    }
}
