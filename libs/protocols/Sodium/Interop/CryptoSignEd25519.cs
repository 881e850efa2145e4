using System.Runtime.InteropServices;

namespace Sotto.Sodium.Interop;

/// <summary>sodium/crypto_sign_ed25519.h.</summary>
internal static partial class CryptoSignEd25519
{
    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_sign_ed25519_bytes();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_sign_ed25519_seedbytes();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_sign_ed25519_publickeybytes();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_sign_ed25519_secretkeybytes();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial int crypto_sign_ed25519_detached(
        Span<byte> sig, nint siglen_p, ReadOnlySpan<byte> m, ulong mlen, ReadOnlySpan<byte> sk);

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial int crypto_sign_ed25519_verify_detached(
        ReadOnlySpan<byte> sig, ReadOnlySpan<byte> m, ulong mlen, ReadOnlySpan<byte> pk);

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial int crypto_sign_ed25519_seed_keypair(Span<byte> pk, Span<byte> sk, ReadOnlySpan<byte> seed);

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial int crypto_sign_ed25519_pk_to_curve25519(Span<byte> curve25519_pk, ReadOnlySpan<byte> ed25519_pk);
}
