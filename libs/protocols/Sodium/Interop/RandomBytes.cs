using System.Runtime.InteropServices;

namespace Sotto.Sodium.Interop;

/// <summary>sodium/randombytes.h.</summary>
internal static partial class RandomBytes
{
    [LibraryImport(SodiumLibrary.Name)]
    internal static partial void randombytes_buf(Span<byte> buf, nuint size);
}
