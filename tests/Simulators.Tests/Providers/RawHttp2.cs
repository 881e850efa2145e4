using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Sotto.FakeProvider;

namespace Simulators.Tests.Providers;

/// <summary>HTTP/2 by hand, for what no client library will send: one request on a connection of its own.</summary>
internal static class RawHttp2
{
    private const byte DataFrame = 0;
    private const byte HeadersFrame = 1;
    private const byte SettingsFrame = 4;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    // HPACK's static table, from index 8 on.
    private static readonly int[] Statuses = [200, 204, 206, 304, 400, 404, 500];

    public static async Task<Answer> PostAsync(ProviderSimulator simulator, string path, string body, IReadOnlyList<(string Name, string Value)> headers)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(simulator.Endpoint.Host, simulator.Endpoint.Port, patience.Token);
        using var handler = simulator.CreateHandler();
        await using var tls = new SslStream(tcp.GetStream());
        var options = handler.SslOptions;
        (options.TargetHost, options.ApplicationProtocols) = (simulator.Endpoint.Host, [SslApplicationProtocol.Http2]);
        await tls.AuthenticateAsClientAsync(options, patience.Token);

        await tls.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), patience.Token);
        await WriteAsync(tls, SettingsFrame, 0, 0, [], patience.Token);
        List<(string, string)> all = [(":method", "POST"), (":scheme", "https"), (":path", path), (":authority", simulator.Endpoint.Authority), .. headers];
        await WriteAsync(tls, HeadersFrame, EndHeaders, 1, [.. all.SelectMany(header => Literal(header.Item1, header.Item2))], patience.Token);
        await WriteAsync(tls, DataFrame, EndStream, 1, Encoding.UTF8.GetBytes(body), patience.Token);
        return await ReadAnswerAsync(tls, patience.Token);
    }

    // A literal header field that enters no table (RFC 7541 section 6.2.2), without Huffman.
    private static byte[] Literal(string name, string value) => [0, .. Text(name), .. Text(value)];

    private static byte[] Text(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        if (bytes.Length < 127)
            return [(byte)bytes.Length, .. bytes];
        var length = new List<byte> { 127 };
        var rest = bytes.Length - 127;
        for (; rest >= 128; rest /= 128)
            length.Add((byte)((rest % 128) + 128));
        return [.. length, (byte)rest, .. bytes];
    }

    private static async Task WriteAsync(Stream stream, byte type, byte flags, int streamId, byte[] payload, CancellationToken cancellationToken)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.CopyTo(frame, 9);
        await stream.WriteAsync(frame, cancellationToken);
    }

    private static async Task<Answer> ReadAnswerAsync(Stream stream, CancellationToken cancellationToken)
    {
        var (status, body) = (0, "");
        var head = new byte[9];
        while (true)
        {
            await stream.ReadExactlyAsync(head, cancellationToken);
            var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >> 8];
            await stream.ReadExactlyAsync(payload, cancellationToken);
            if (head[3] == HeadersFrame)
                status = Statuses[(payload[0] & 0x7F) - 8];
            else if (head[3] == DataFrame)
                body += Encoding.UTF8.GetString(payload);
            if (head[3] is HeadersFrame or DataFrame && (head[4] & EndStream) != 0)
                return new(status, body, new Dictionary<string, string>(StringComparer.Ordinal));
        }
    }
}
