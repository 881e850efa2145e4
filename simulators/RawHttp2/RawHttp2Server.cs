using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Sotto.FakeProvider;

namespace Sotto.RawHttp2;

/// <summary>
/// A server of HTTP/2 over TLS that is moved by hand, frame by frame, to do what no ordinary server can be made to do: to change its limit of streams while it runs, to say GOAWAY with a
/// reason in the middle of work, to refuse streams, to fall silent without hanging up.
/// </summary>
/// <remarks>Headers of answers hold the request's <c>apns-id</c>, as Apple has it. Thread-safe.</remarks>
public sealed class RawHttp2Server : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<int, RawConnection> _connections = new();
    private readonly ConcurrentQueue<RawRequest> _requests = new();
    private readonly X509Certificate2 _certificate;
    private Task _accepting = Task.CompletedTask;
    private int _count;

    private RawHttp2Server(int streamsMax)
    {
        Authority = TestAuthority.Create();
        _certificate = Authority.IssueServer();
        StreamsMax = streamsMax;
    }

    /// <summary>Who vouches for it.</summary>
    public TestAuthority Authority { get; }

    /// <summary>Its address.</summary>
    public Uri Endpoint => new($"https://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Streams that a connection may have open: announced at its begin, and by <see cref="AnnounceAsync"/>. More are refused.</summary>
    public int StreamsMax { get; private set; }

    /// <summary>How requests are answered.</summary>
    public Func<RawRequest, RawAnswer> Answer { get; set; } = _ => new RawAnswer();

    /// <summary>Every request that has begun, in order.</summary>
    public IReadOnlyList<RawRequest> Requests => [.. _requests];

    /// <summary>Connections that were made so far.</summary>
    public int Connections => Volatile.Read(ref _count);

    /// <summary>Starts a server.</summary>
    /// <param name="streamsMax">See <see cref="StreamsMax"/>.</param>
    public static Task<RawHttp2Server> StartAsync(int streamsMax)
    {
        var server = new RawHttp2Server(streamsMax);
        server._listener.Start();
        server._accepting = server.AcceptAsync();
        return Task.FromResult(server);
    }

    /// <summary>From now on so many streams are allowed; said to every connection.</summary>
    public Task AnnounceAsync(int streamsMax)
    {
        StreamsMax = streamsMax;
        return EachAsync(connection => connection.AnnounceAsync(streamsMax));
    }

    /// <summary>Tells every connection to go away. Streams above the last one named are not looked at; the connection ends when the others are answered.</summary>
    /// <param name="debugData">The reason in words, such as Apple's JSON.</param>
    /// <param name="leaveBehind">So many of the newest streams are above the last one named.</param>
    /// <param name="answerOthers">Whether the others are answered before the connection ends.</param>
    public Task GoAwayAsync(string debugData, int leaveBehind, bool answerOthers) =>
        EachAsync(connection => connection.GoAwayAsync(debugData, leaveBehind, answerOthers));

    /// <summary>Present connections fall silent: nothing is read and nothing written any more, and nobody hangs up.</summary>
    public void Freeze()
    {
        foreach (var connection in _connections.Values)
            connection.Freeze();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        foreach (var connection in _connections.Values)
            connection.Dispose();
        await _accepting;
        _certificate.Dispose();
        Authority.Dispose();
        _stopping.Dispose();
    }

    internal void Received(RawRequest request) => _requests.Enqueue(request);

    private async Task EachAsync(Func<RawConnection, Task> say)
    {
        foreach (var connection in _connections.Values)
        {
            try
            {
                await say(connection);
            }
            // It ended while it was told.
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
            }
        }
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                serving.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        client.NoDelay = true;
        var number = Interlocked.Increment(ref _count);
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = _certificate,
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                },
                _stopping.Token);
            using var connection = _connections[number] = new RawConnection(this, number, tls);
            await connection.RunAsync(_stopping.Token);
        }
        // A client may hang up at any moment, and so may the test.
        catch (Exception e) when (e is IOException or OperationCanceledException or AuthenticationException or ObjectDisposedException or InvalidDataException)
        {
        }
        finally
        {
            _connections.TryRemove(number, out _);
            client.Dispose();
        }
    }
}
