using System.Globalization;
using System.Text;
using Sotto.FakeSwarm;
using Sotto.FakeSwarm.Zmq;
using Sotto.Sodium;

namespace Simulators.Tests;

/// <summary>A client of one listener, spoken by hand; and an account that signs what a client may ask for.</summary>
internal sealed class SwarmClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly RawContext _context = new();
    private readonly RawSocket _socket;
    private readonly Queue<string[]> _notifications = new();
    private int _tags;

    public SwarmClient(FakeNode node, string key = "a client")
        : this(node.Endpoint, node.PublicKey.Span, key)
    {
    }

    public SwarmClient(string endpoint, ReadOnlySpan<byte> serverKey, string key = "a client")
    {
        var privateKey = Hash(key);
        var publicKey = new byte[32];
        X25519.PublicKey(privateKey, publicKey);
        RoutingId = "4c" + Convert.ToHexStringLower(publicKey);
        _socket = new RawSocket(_context, RawSocketType.Dealer);
        if (serverKey.IsEmpty)
            _socket.WithRoutingId(Convert.FromHexString(RoutingId));
        else
            _socket.AsCurveClient(privateKey, publicKey, serverKey);
        _socket.Connect(endpoint);
    }

    public string RoutingId { get; }

    public static byte[] Hash(string text)
    {
        var hash = new byte[32];
        Blake2b.Hash(Encoding.UTF8.GetBytes(text), hash);
        return hash;
    }

    public void Send(params string[] parts) => Assert.That(_socket.TrySend(parts.Select(Encoding.Latin1.GetBytes).ToArray()));

    /// <summary>The next message, or null if none comes in time.</summary>
    public Task<string[]?> ReceiveAsync(TimeSpan? patience = null) =>
        Task.Run(() => _socket.TryReceive(patience ?? Patience)?.Select(Encoding.Latin1.GetString).ToArray());

    /// <summary>Sends a request and awaits its reply; notifications that come meanwhile are kept.</summary>
    public async Task<string[]> RequestAsync(string command, params string[] data)
    {
        var tag = string.Create(CultureInfo.InvariantCulture, $"tag {++_tags}");
        Send([command, tag, .. data]);
        while (await ReceiveAsync() is { } message)
        {
            if (message is ["REPLY", var replied, .. var answer] && string.Equals(replied, tag, StringComparison.Ordinal))
                return answer;

            _notifications.Enqueue(message);
        }

        throw new AssertionException($"No reply to {command}.");
    }

    /// <summary>The dict of the next <c>notify.message</c>.</summary>
    public async Task<string?> NotificationAsync(TimeSpan? patience = null)
    {
        var message = _notifications.Count > 0 ? _notifications.Dequeue() : await ReceiveAsync(patience);
        if (message is not null)
            Assert.That(message[0], Is.EqualTo("notify.message"));
        return message?[1];
    }

    public void Dispose()
    {
        _socket.Dispose();
        _context.Dispose();
    }
}

/// <summary>A Session account (05) that can sign.</summary>
internal sealed class SwarmAccount
{
    private readonly byte[] _publicKey = new byte[32];
    private readonly byte[] _secretKey = new byte[64];

    public SwarmAccount(string name)
    {
        Ed25519.KeyPairFromSeed(SwarmClient.Hash(name), _publicKey, _secretKey);
        Id = new byte[33];
        Id[0] = 0x05;
        Assert.That(Ed25519.TryToX25519(_publicKey, Id.AsSpan(1)));
    }

    public byte[] Id { get; }

    /// <summary>The dict of <c>monitor.messages</c>, as Latin-1.</summary>
    public string Monitor(long seconds, bool data, params short[] namespaces)
    {
        var flag = data ? "1" : "0";
        var text = string.Create(CultureInfo.InvariantCulture, $"MONITOR{Convert.ToHexStringLower(Id)}{seconds}{flag}{string.Join(',', namespaces)}");
        var signature = new byte[64];
        Ed25519.Sign(Encoding.ASCII.GetBytes(text), _secretKey, signature);
        var (key, sealedBy) = (Encoding.Latin1.GetString(_publicKey), Encoding.Latin1.GetString(signature));
        var list = string.Concat(namespaces.Select(space => string.Create(CultureInfo.InvariantCulture, $"i{space}e")));
        return string.Create(CultureInfo.InvariantCulture, $"d1:P32:{key}{(data ? "1:di1e" : "")}1:nl{list}e1:s64:{sealedBy}1:ti{seconds}ee");
    }
}
