using Sotto.OxenMq.Interop;

namespace Sotto.OxenMq;

/// <summary>What libzmq's allocations leave behind.</summary>
public static class OxenMqMemory
{
    /// <summary>
    /// Gives the system back what libzmq has freed: messages of megabytes leave holes that the GNU C library keeps for later. Takes milliseconds; thread-safe. Does nothing
    /// with another C library.
    /// </summary>
    public static void GiveBack()
    {
        try
        {
            _ = Malloc.malloc_trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Others give back by themselves, or never.
        }
    }
}
