using System.Runtime.InteropServices;

namespace Sotto.Sodium.Interop;

/// <summary>sodium/core.h.</summary>
internal static partial class SodiumCore
{
    [LibraryImport(SodiumLibrary.Name)]
    internal static partial int sodium_init();
}
