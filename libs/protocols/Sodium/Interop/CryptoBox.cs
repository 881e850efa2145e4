using System.Runtime.InteropServices;

namespace Sotto.Sodium.Interop;

/// <summary>sodium/crypto_box.h.</summary>
internal static partial class CryptoBox
{
    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_box_sealbytes();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial int crypto_box_seal(Span<byte> c, ReadOnlySpan<byte> m, ulong mlen, ReadOnlySpan<byte> pk);

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial int crypto_box_seal_open(
        Span<byte> m, ReadOnlySpan<byte> c, ulong clen, ReadOnlySpan<byte> pk, ReadOnlySpan<byte> sk);
}
