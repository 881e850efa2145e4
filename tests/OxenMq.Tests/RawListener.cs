using System.Text;
using Sotto.FakeSwarm.Zmq;
using Sotto.OxenMq;

namespace OxenMq.Tests;

/// <summary>A listener spoken by hand over a real socket: the test reads what came and writes what it likes.</summary>
internal sealed class RawListener : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly RawContext _context = new();
    private RawSocket _socket;

    private RawListener(OxenMqKeyPair? keys, byte[] privateKey, string endpoint)
    {
        Keys = keys;
        PrivateKey = privateKey;
        _socket = Bind(endpoint).GetAwaiter().GetResult();
        Endpoint = _socket.Endpoint();
    }

    public OxenMqKeyPair? Keys { get; }

    public byte[] PrivateKey { get; }

    public string Endpoint { get; }

    public OxenMqAddress Address => OxenMqAddress.Parse(
        Keys is null ? Endpoint : $"{Endpoint.Replace("tcp:", "curve:", StringComparison.Ordinal)}/{Convert.ToHexString(Keys.PublicKey.Span)}");

    /// <summary>The routing id of whoever was last heard.</summary>
    public byte[] Client { get; private set; } = [];

    public static RawListener Curve()
    {
        var privateKey = new byte[32];
        Random.Shared.NextBytes(privateKey);
        return new RawListener(OxenMqKeyPair.FromPrivateKey(privateKey), privateKey, "tcp://127.0.0.1:*");
    }

    public static RawListener Plain(string endpoint = "tcp://127.0.0.1:*") => new(null, [], endpoint);

    public void Close() => _socket.Dispose();

    public async Task ReopenAsync() => _socket = await Bind(Endpoint);

    /// <summary>The next message, without its routing id; the test fails if none comes.</summary>
    public async Task<string[]> ReceiveAsync() => await TryReceiveAsync(Patience) ?? throw new AssertionException("Nothing came.");

    public Task<string[]?> TryReceiveAsync(TimeSpan patience) => Task.Run(() =>
    {
        if (_socket.TryReceive(patience) is not [var client, .. var parts])
            return null;

        Client = client;
        return parts.Select(Encoding.Latin1.GetString).ToArray();
    });

    public bool Send(params string[] parts) => _socket.TrySend([Client, .. parts.Select(Encoding.Latin1.GetBytes)]);

    public bool Send(byte[] first, byte[] second) => _socket.TrySend(Client, first, second);

    /// <summary>Takes a greeting and answers it.</summary>
    public async Task GreetAsync()
    {
        var greeting = await ReceiveAsync();
        Assert.That(greeting, Is.EqualTo(new[] { "HI" }));
        Send("HELLO");
    }

    public void Dispose()
    {
        _socket.Dispose();
        _context.Dispose();
    }

    // The port of a socket just closed is free a moment later.
    private async Task<RawSocket> Bind(string endpoint)
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            var socket = new RawSocket(_context, RawSocketType.Router).AsListener(PrivateKey);
            if (socket.TryBind(endpoint))
                return socket;

            socket.Dispose();
            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System);
        }

        throw new InvalidOperationException($"{endpoint} stayed in use.");
    }
}
