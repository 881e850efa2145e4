using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sotto.OxenMq.Interop;

/// <summary>A Linux eventfd: any thread signals it, and <c>zmq_poll</c> sees it beside the sockets.</summary>
internal sealed unsafe partial class EventFd : IDisposable
{
    private const int EFD_CLOEXEC = 0x80000;
    private const int EFD_NONBLOCK = 0x800;

    private readonly SafeFileHandle _handle;

    public EventFd()
    {
        var descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (descriptor < 0)
            throw new InvalidOperationException($"No eventfd (errno {Marshal.GetLastPInvokeError()}).");

        _handle = new SafeFileHandle(descriptor, ownsHandle: true);
    }

    public int Descriptor => (int)_handle.DangerousGetHandle();

    // A full counter is as good as a signal, so the result does not matter.
    public void Signal()
    {
        var one = 1;
        try
        {
            _ = write(_handle, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // The thread that waited has ended, and its last act was to look for work.
        }
    }

    public void Clear()
    {
        ulong count;
        _ = read(_handle, &count, sizeof(ulong));
    }

    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc")]
    private static partial nint write(SafeFileHandle descriptor, void* data, nuint length);

    [LibraryImport("libc")]
    private static partial nint read(SafeFileHandle descriptor, void* data, nuint length);
}
