using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Sotto.Sodium;

namespace Sotto.FakePhone;

/// <summary>Bytes for keys and tokens: from a seed always the same, without one never.</summary>
internal sealed class SeededBytes
{
    private readonly byte[] _root = new byte[32];

    public SeededBytes(int? seed)
    {
        if (seed is { } known)
            BinaryPrimitives.WriteInt32LittleEndian(_root, known);
        else
            RandomSource.Fill(_root);
    }

    /// <summary>So many bytes for one purpose.</summary>
    public byte[] Take(string purpose, int count) => HKDF.Expand(HashAlgorithmName.SHA256, _root, count, Encoding.UTF8.GetBytes(purpose));
}
