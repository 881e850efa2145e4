using System.Net;
using System.Net.Sockets;
using Sotto.LocalServers.Processes;

namespace Sotto.LocalServers;

/// <summary>Ports on the loopback interface that nothing listens on, kept from other users of this class until disposed.</summary>
/// <remarks>
/// A free port is only a promise until somebody listens on it. So they are taken from below the range that the kernel hands out for outgoing
/// connections (32768 and up on Linux), and a lock file per port keeps two processes from choosing the same at the same moment.
/// </remarks>
public sealed class FreePorts : IDisposable
{
    /// <summary>Lowest base port. Together with the offsets, which reach 20001, everything stays below 32768.</summary>
    public const int BaseMin = 10_240;

    /// <summary>One more than the highest base port.</summary>
    public const int BaseEnd = 12_760;

    private const int TriesMax = 500;

    // A server that was stopped a moment ago may not have let go yet.
    private static readonly TimeSpan AgainPatience = TimeSpan.FromSeconds(2);
    private readonly FileStream _lock;

    private FreePorts(int @base, FileStream file)
    {
        Base = @base;
        _lock = file;
    }

    /// <summary>The base port; the others are this plus the offsets asked for.</summary>
    public int Base { get; }

    /// <summary>A base port P such that P and P + each offset are free.</summary>
    public static FreePorts Take(params ReadOnlySpan<int> offsets)
    {
        for (var i = 0; i < TriesMax; i++)
        {
            if (TryTake(Random.Shared.Next(BaseMin, BaseEnd), offsets) is { } taken)
                return taken;
        }

        throw new LocalServerException($"No free ports between {BaseMin} and {BaseEnd} on 127.0.0.1 after {TriesMax} tries.");
    }

    /// <summary>As <see cref="Take"/> for one base port; null when any of its ports is in use.</summary>
    public static FreePorts? TryTake(int @base, params ReadOnlySpan<int> offsets)
    {
        if (TryLock(@base) is not { } file)
            return null;

        if (IsFree(@base))
        {
            var free = true;
            foreach (var offset in offsets)
                free &= IsFree(@base + offset);

            if (free)
                return new FreePorts(@base, file);
        }

        file.Dispose();
        return null;
    }

    /// <summary>The ports that were used before, if they become free soon; others otherwise.</summary>
    /// <param name="before">The base port that was used before; 0 when there was none.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="offsets">As for <see cref="Take"/>.</param>
    public static async Task<FreePorts> TakeAgainAsync(int before, CancellationToken cancellation, params int[] offsets)
    {
        FreePorts? again = null;
        if (before != 0)
            await Polling.UntilAsync(() => (again = TryTake(before, offsets)) is not null, AgainPatience, cancellation);

        return again ?? Take(offsets);
    }

    /// <summary>A single port, free at this moment, chosen by the kernel. For a listener that starts at once.</summary>
    public static int Any()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Lets go of the lock; by now somebody listens on the ports.</summary>
    public void Dispose() => _lock.Dispose();

    private static FileStream? TryLock(int port)
    {
        try
        {
            return new FileStream(
                Path.Combine(Path.GetTempPath(), $"sotto-port-{port}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // Connections that ended a moment ago do not count; a listener does.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
