using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sotto.Sodium.Interop;

namespace Sotto.Sodium;

/// <summary>Finds libsodium, starts it and checks its sizes, once, at the first use of any primitive.</summary>
internal static class SodiumLibrary
{
    /// <summary>The name in the interop declarations: libsodium 1.0.11 to 1.0.18 as Debian and Ubuntu install it.</summary>
    internal const string Name = "libsodium.so.23";

    internal static readonly string[] Names = [Name, "libsodium.so", "libsodium"];

    private static readonly Lock Starting = new();
    private static volatile bool _ready;
    private static nint _handle;

    /// <summary>Call before every native call. Costs one read when the library is up.</summary>
    /// <exception cref="SodiumUnavailableException">The library is missing or unsuitable.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Require()
    {
        if (!_ready)
            Start();
    }

    internal static nint LoadFirst(IEnumerable<string> names, Assembly assembly)
    {
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, assembly, searchPath: null, out var found))
                return found;
        }

        throw new SodiumUnavailableException(
            $"libsodium is not installed: none of {string.Join(", ", names)} could be loaded. On Debian and Ubuntu install the package libsodium23.");
    }

    internal static void CheckSize(string what, nuint found, int expected)
    {
        if (found != (nuint)expected)
            throw new SodiumUnavailableException($"This libsodium is not one that Sotto knows: its {what} has {found} bytes, {expected} are expected.");
    }

    private static void Start()
    {
        lock (Starting)
        {
            if (_ready)
                return;

            Resolve();
            if (SodiumCore.sodium_init() < 0)
                throw new SodiumUnavailableException("libsodium could not be initialised: sodium_init failed.");

            CheckSizes();
            _ready = true;
        }
    }

    private static void Resolve()
    {
        if (_handle != 0)
            return;

        var assembly = typeof(SodiumLibrary).Assembly;
        _handle = LoadFirst(Names, assembly);
        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => string.Equals(name, Name, StringComparison.Ordinal) ? _handle : 0);
    }

    private static void CheckSizes()
    {
        CheckSize("Ed25519 signature", CryptoSignEd25519.crypto_sign_ed25519_bytes(), Ed25519.SignatureSize);
        CheckSize("Ed25519 seed", CryptoSignEd25519.crypto_sign_ed25519_seedbytes(), Ed25519.SeedSize);
        CheckSize("Ed25519 public key", CryptoSignEd25519.crypto_sign_ed25519_publickeybytes(), Ed25519.PublicKeySize);
        CheckSize("Ed25519 secret key", CryptoSignEd25519.crypto_sign_ed25519_secretkeybytes(), Ed25519.SecretKeySize);
        CheckSize("X25519 point", CryptoScalarMultCurve25519.crypto_scalarmult_curve25519_bytes(), X25519.KeySize);
        CheckSize("X25519 scalar", CryptoScalarMultCurve25519.crypto_scalarmult_curve25519_scalarbytes(), X25519.KeySize);
        CheckSize("XChaCha20 key", CryptoAeadXChaCha20Poly1305.crypto_aead_xchacha20poly1305_ietf_keybytes(), XChaCha20Poly1305.KeySize);
        CheckSize("XChaCha20 nonce", CryptoAeadXChaCha20Poly1305.crypto_aead_xchacha20poly1305_ietf_npubbytes(), XChaCha20Poly1305.NonceSize);
        CheckSize("Poly1305 tag", CryptoAeadXChaCha20Poly1305.crypto_aead_xchacha20poly1305_ietf_abytes(), XChaCha20Poly1305.TagSize);
        CheckSize("shortest BLAKE2b hash", CryptoGenericHashBlake2b.crypto_generichash_blake2b_bytes_min(), Blake2b.HashSizeMin);
        CheckSize("longest BLAKE2b hash", CryptoGenericHashBlake2b.crypto_generichash_blake2b_bytes_max(), Blake2b.HashSizeMax);
        CheckSize("longest BLAKE2b key", CryptoGenericHashBlake2b.crypto_generichash_blake2b_keybytes_max(), Blake2b.KeySizeMax);
        CheckSize("sealed box overhead", CryptoBox.crypto_box_sealbytes(), SealedBox.Overhead);
    }
}
