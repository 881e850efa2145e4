using System.Net;
using System.Net.Sockets;

namespace Sotto.LocalServers.RabbitMq;

/// <summary>Whether a broker answers; that something accepts connections is not enough where a proxy stands in front.</summary>
public static class AmqpProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>True when the port of the loopback interface answers the first words of AMQP 0-9-1 with a method frame.</summary>
    public static async Task<bool> AnswersAsync(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), limit.Token);
            await socket.SendAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), limit.Token);
            var answer = new byte[1];
            return await socket.ReceiveAsync(answer, limit.Token) == 1 && answer[0] == 1;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
