using System.Net;
using System.Net.Sockets;

namespace Sotto.LocalServers;

/// <summary>Whether somebody listens.</summary>
public static class TcpProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>True when something on the loopback interface accepts connections at this port.</summary>
    public static Task<bool> AcceptsAsync(int port) => AcceptsAsync(new IPEndPoint(IPAddress.Loopback, port));

    /// <inheritdoc cref="AcceptsAsync(int)"/>
    public static async Task<bool> AcceptsAsync(EndPoint address)
    {
        var unix = address.AddressFamily == AddressFamily.Unix;
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await socket.ConnectAsync(address, limit.Token);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
