using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sotto.WebPush;

/// <summary>
/// The real guard against request forgery: looks a name up once, refuses it if any of its addresses is not public, and connects to an address that was looked
/// at. Whoever answers the look-up differently the next time gains nothing. Thread-safe.
/// </summary>
internal sealed class GuardedDialer(EndpointRules rules)
{
    /// <summary>Looks a name up.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Connects to the first of these addresses that answers.</summary>
    public Func<IPAddress[], int, CancellationToken, ValueTask<Stream>> Dial { get; init; } = DialAsync;

    /// <summary>Connects for <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="ForbiddenAddressException">The name leads where a stranger must not lead us.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var target = context.DnsEndPoint;
        var addresses = await Resolve(target.Host, cancellationToken);
        var exempt = rules.TestOrigins.Contains($"https://{target.Host}:{target.Port.ToString(CultureInfo.InvariantCulture)}");
        if (addresses.Length == 0 || (!exempt && !addresses.All(rules.Allows)))
            throw new ForbiddenAddressException();
        return await Dial(addresses, target.Port, cancellationToken);
    }

    private static async ValueTask<Stream> DialAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>A name leads to an address that is not public. Says neither.</summary>
internal sealed class ForbiddenAddressException() : IOException("The endpoint's host has no public address, or others besides.");
