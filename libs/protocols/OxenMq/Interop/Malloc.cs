using System.Runtime.InteropServices;

namespace Sotto.OxenMq.Interop;

/// <summary>malloc.h of the GNU C library.</summary>
internal static partial class Malloc
{
    [LibraryImport("libc")]
    public static partial int malloc_trim(nuint pad);
}
