using System.Buffers.Text;
using System.Net.Sockets;

namespace Sotto.Bench.Subscribe;

/// <summary>
/// A connection that posts requests which are ready as bytes, and finds the answer's status and body. It does as little as a client can: what it uses of the machine is lacking
/// to the server that is measured.
/// </summary>
internal sealed class RawHttpConnection : IDisposable
{
    // The longest answer is that to an array of 100.
    private const int AnswerBytesMax = 64 * 1024;

    private readonly Socket _socket;
    private readonly byte[] _answer = new byte[AnswerBytesMax];

    private RawHttpConnection(Socket socket) => _socket = socket;

    public static async Task<RawHttpConnection> OpenAsync(Uri address, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.Host, address.Port, cancellation);
        return new RawHttpConnection(socket);
    }

    /// <summary>A request as bytes.</summary>
    public static byte[] Post(Uri address, string path, string contentType, byte[] body) =>
        [.. System.Text.Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: {contentType}\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];

    /// <summary>Sends one request and reads its answer; the body is valid until the next call.</summary>
    /// <exception cref="BenchException">The answer is not 200, or not one that can be read here.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        for (var sent = 0; sent < request.Length;)
            sent += await _socket.SendAsync(request[sent..], cancellation);
        var (length, body, end) = (0, -1, int.MaxValue);
        while (length < end)
        {
            var count = await _socket.ReceiveAsync(_answer.AsMemory(length), cancellation);
            if (count == 0)
                throw new BenchException("The SubscriptionApi closed a connection in the middle of an answer.");
            length += count;
            if (body < 0 && _answer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) is >= 0 and var head)
                (body, end) = (head + 4, head + 4 + ContentLength(_answer.AsSpan(0, head)));
        }

        return _answer.AsMemory(body, end - body);
    }

    public void Dispose() => _socket.Dispose();

    private static int ContentLength(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith("HTTP/1.1 200 "u8))
            throw new BenchException($"The SubscriptionApi answered {System.Text.Encoding.ASCII.GetString(head[..head.IndexOf((byte)'\r')])}.");
        var name = "Content-Length: "u8;
        return head.IndexOf(name) is >= 0 and var at && Utf8Parser.TryParse(head[(at + name.Length)..], out int length, out _) && length < AnswerBytesMax / 2
            ? length
            : throw new BenchException("The SubscriptionApi answered without a length, or at great length.");
    }
}
