using System.Runtime.InteropServices;

namespace Sotto.Sodium.Interop;

/// <summary>sodium/crypto_scalarmult_curve25519.h.</summary>
internal static partial class CryptoScalarMultCurve25519
{
    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_scalarmult_curve25519_bytes();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_scalarmult_curve25519_scalarbytes();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial int crypto_scalarmult_curve25519(Span<byte> q, ReadOnlySpan<byte> n, ReadOnlySpan<byte> p);

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial int crypto_scalarmult_curve25519_base(Span<byte> q, ReadOnlySpan<byte> n);
}
