using Sotto.Sodium.Interop;

namespace Sotto.Sodium;

/// <summary>Unpredictable bytes from the operating system, through libsodium. Thread-safe.</summary>
public static class RandomSource
{
    /// <summary>Fills <paramref name="bytes"/>.</summary>
    public static void Fill(Span<byte> bytes)
    {
        SodiumLibrary.Require();
        RandomBytes.randombytes_buf(bytes, (nuint)bytes.Length);
    }
}
