using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace SubscriptionApi.Tests.Support;

/// <summary>A wire between the service and a server, which can be cut and mended.</summary>
internal sealed class CuttableLink : IDisposable
{
    private readonly ConcurrentBag<TcpClient> _open = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _server;
    private readonly Task _accepting;
    private volatile bool _isCut;

    public CuttableLink(Uri server)
    {
        _server = server;
        _listener.Start();
        Address = new UriBuilder(server) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    public void Cut()
    {
        _isCut = true;
        while (_open.TryTake(out var connection))
            connection.Dispose();
    }

    public void Mend() => _isCut = false;

    public void Dispose()
    {
        _ending.Cancel();
        _listener.Dispose();
        Cut();
    }

    private async Task AcceptAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            var near = await _listener.AcceptTcpClientAsync(_ending.Token);
            if (_isCut)
            {
                near.Dispose();
                continue;
            }

            var far = new TcpClient();
            await far.ConnectAsync(_server.Host, _server.Port, _ending.Token);
            _open.Add(near);
            _open.Add(far);
            Forward(near, far);
            Forward(far, near);
        }
    }

    private static void Forward(TcpClient from, TcpClient to) => _ = Task.Run(async () =>
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }
        finally
        {
            from.Dispose();
            to.Dispose();
        }
    });
}
