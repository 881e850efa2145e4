using System.Net;
using System.Net.Sockets;

namespace Sotto.Dev.Chaos;

/// <summary>A wire between one service and a server, which can be cut, made slow, or made to swallow everything. It hands bytes on as they come. Thread-safe.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private const int ChunkBytes = 64 * 1024;
    private static readonly TimeSpan SwallowPause = TimeSpan.FromMilliseconds(50);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private volatile IPEndPoint _server;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<Socket> _open = [];
    private readonly Task _accepting;
    private volatile WireState _state = WireState.Whole;

    /// <summary>Listens at a free port of the loopback interface.</summary>
    public Wire(int serverPort)
    {
        _server = new IPEndPoint(IPAddress.Loopback, serverPort);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where to connect instead.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The server has come back, perhaps at another port.</summary>
    public void LeadTo(int serverPort) => _server = new IPEndPoint(IPAddress.Loopback, serverPort);

    /// <summary>Breaks every connection, and every further one at once, until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        _state = WireState.IsCut;
        Break();
    }

    /// <summary>Breaks every connection; the next ones hold.</summary>
    public void Break()
    {
        lock (_open)
        {
            foreach (var socket in _open)
                Reset(socket);
            _open.Clear();
        }
    }

    /// <summary>Connections stay, and nothing passes, as behind a router that has gone: until <see cref="Mend"/>, when what was underway passes after all.</summary>
    public void Swallow() => _state = new WireState(IsSwallowing: true, Delay: TimeSpan.Zero);

    /// <summary>Everything passes that much later.</summary>
    public void Slow(TimeSpan delay) => _state = new WireState(IsSwallowing: false, delay);

    /// <summary>As on the first day.</summary>
    public void Mend() => _state = WireState.Whole;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Cut();
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stopping.Dispose();
    }

    private static void Reset(Socket socket)
    {
        // No lingering: the peer sees a reset, as when a machine has gone.
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await _listener.AcceptSocketAsync(_stopping.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }

    private async Task CarryAsync(Socket client)
    {
        var server = new Socket(_server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            if (!Admit(client, server))
            {
                Reset(client);
                return;
            }

            await server.ConnectAsync(_server, _stopping.Token);
            await Task.WhenAny(CopyAsync(client, server), CopyAsync(server, client));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Either end has gone; so must the other.
        }
        finally
        {
            lock (_open)
            {
                _open.Remove(client);
                _open.Remove(server);
            }

            client.Dispose();
            server.Dispose();
        }
    }

    private bool Admit(Socket client, Socket server)
    {
        lock (_open)
            return !ReferenceEquals(_state, WireState.IsCut) && _open.Add(client) && _open.Add(server);
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var chunk = new byte[ChunkBytes];
        try
        {
            while (await from.ReceiveAsync(chunk, _stopping.Token) is > 0 and var count)
            {
                while (_state.IsSwallowing)
                    await Task.Delay(SwallowPause, TimeProvider.System, _stopping.Token);
                if (_state.Delay > TimeSpan.Zero)
                    await Task.Delay(_state.Delay, TimeProvider.System, _stopping.Token);
                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(chunk.AsMemory(sent, count - sent), _stopping.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // As above.
        }
    }

    private sealed record WireState(bool IsSwallowing, TimeSpan Delay)
    {
        public static WireState Whole { get; } = new(IsSwallowing: false, TimeSpan.Zero);

        public static WireState IsCut { get; } = new(IsSwallowing: false, TimeSpan.MaxValue);
    }
}
