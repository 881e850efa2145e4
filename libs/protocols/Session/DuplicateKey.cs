using System.Text;
using Sotto.Sodium;

namespace Sotto.Session;

/// <summary>What a notification is recognised by when it comes a second time (session-v2 section 5.9). Thread-safe.</summary>
public static class DuplicateKey
{
    /// <summary>The key, in bytes.</summary>
    public const int Size = 32;

    /// <summary>BLAKE2b-256 over provider, device and message hash, one after the other, as UTF-8.</summary>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 32 bytes.</exception>
    public static void Compute(string service, string serviceId, string hash, Span<byte> key) =>
        Compute(service, Encoding.UTF8.GetBytes(serviceId), hash, key);

    /// <summary>The same for a device known by bytes.</summary>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 32 bytes.</exception>
    public static void Compute(string service, ReadOnlySpan<byte> serviceId, string hash, Span<byte> key)
    {
        if (key.Length != Size)
            throw new ArgumentException($"The key has {Size} bytes.", nameof(key));

        var joined = new byte[Encoding.UTF8.GetByteCount(service) + serviceId.Length + Encoding.UTF8.GetByteCount(hash)];
        var length = Encoding.UTF8.GetBytes(service, joined);
        serviceId.CopyTo(joined.AsSpan(length));
        Encoding.UTF8.GetBytes(hash, joined.AsSpan(length + serviceId.Length));
        Blake2b.Hash(joined, key);
    }
}
