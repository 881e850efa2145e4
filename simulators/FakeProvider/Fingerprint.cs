using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sotto.FakeProvider;

/// <summary>Short names for what may be long: the first 16 bytes of a SHA-256.</summary>
internal static class Fingerprint
{
    public static UInt128 Of(string token) => First16(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    public static UInt128 Of(string token, ReadOnlySpan<byte> content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(token));
        hash.AppendData([0]);
        hash.AppendData(content);
        return First16(hash.GetHashAndReset());
    }

    private static UInt128 First16(byte[] hash) => BinaryPrimitives.ReadUInt128BigEndian(hash);
}
