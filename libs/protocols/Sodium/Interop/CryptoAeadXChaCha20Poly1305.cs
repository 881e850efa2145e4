using System.Runtime.InteropServices;

namespace Sotto.Sodium.Interop;

/// <summary>sodium/crypto_aead_xchacha20poly1305.h.</summary>
internal static partial class CryptoAeadXChaCha20Poly1305
{
    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_aead_xchacha20poly1305_ietf_keybytes();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_aead_xchacha20poly1305_ietf_npubbytes();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial nuint crypto_aead_xchacha20poly1305_ietf_abytes();

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial int crypto_aead_xchacha20poly1305_ietf_encrypt(
        Span<byte> c, nint clen_p, ReadOnlySpan<byte> m, ulong mlen, ReadOnlySpan<byte> ad, ulong adlen, nint nsec,
        ReadOnlySpan<byte> npub, ReadOnlySpan<byte> k);

    [LibraryImport(SodiumLibrary.Name)]
    internal static partial int crypto_aead_xchacha20poly1305_ietf_decrypt(
        Span<byte> m, nint mlen_p, nint nsec, ReadOnlySpan<byte> c, ulong clen, ReadOnlySpan<byte> ad, ulong adlen,
        ReadOnlySpan<byte> npub, ReadOnlySpan<byte> k);
}
