using System.Runtime.InteropServices;

namespace Sotto.Sodium.Interop;

/// <summary>sodium/crypto_generichash_blake2b.h.</summary>
internal static partial class CryptoGenericHashBlake2b
{
    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_generichash_blake2b_bytes_min();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_generichash_blake2b_bytes_max();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_generichash_blake2b_keybytes_max();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial int crypto_generichash_blake2b(
        Span<byte> output, nuint outlen, ReadOnlySpan<byte> input, ulong inlen, ReadOnlySpan<byte> key, nuint keylen);
}
