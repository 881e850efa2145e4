using System.Globalization;
using System.Text;
using Sotto.FakeSwarm.Zmq;

namespace Sotto.FakeSwarm.Nodes;

/// <summary>One listening ROUTER that speaks OxenMQ: greetings, unknown names and missing tags are the same for oxend and for nodes.</summary>
internal abstract class Listener(RawContext context, ListenerThread thread, byte[] privateKey, int port, FakeSwarmOptions options)
{
    protected const int AnyPort = 0;

    private const int NameBytesMax = 251;
    private static readonly TimeSpan BindPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan BindPatience = TimeSpan.FromSeconds(10);

    /// <summary>Zero until the first bind, and the same from then on.</summary>
    public int Port { get; private set; } = port;

    public string Host => options.Host;

    public string Endpoint => string.Create(CultureInfo.InvariantCulture, $"tcp://{options.Host}:{Port}");

    /// <summary>Null while it is down. Used on the thread only.</summary>
    public RawSocket? Socket { get; private set; }

    public volatile bool IsSilent;

    protected FakeSwarmOptions Options => options;

    public bool IsListening { get; private set; }

    public async Task OpenAsync()
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!await thread.RunAsync(TryOpen))
        {
            // The port of a socket that was just closed is free a moment later.
            if (TimeProvider.System.GetElapsedTime(since) > BindPatience)
                throw new InvalidOperationException($"{Endpoint} stayed in use for {BindPatience.TotalSeconds} s.");
            await Task.Delay(BindPause, TimeProvider.System);
        }

        IsListening = true;
    }

    public async Task CloseAsync()
    {
        IsListening = false;
        await thread.RunAsync(() =>
        {
            CloseSocket();
            return true;
        });
    }

    // On the thread.
    public void CloseSocket()
    {
        if (Socket is null)
            return;

        thread.Detach(this);
        Socket.Dispose();
        Socket = null;
        Forget();
    }

    // On the thread.
    public void OnMessage(byte[] routingId, byte[][] parts)
    {
        if (IsSilent || parts.Length == 0)
            return;

        var name = parts[0].Length <= NameBytesMax ? Encoding.Latin1.GetString(parts[0]) : "";
        switch (name)
        {
            case "HI":
                Reply(routingId, "HELLO"u8.ToArray());
                break;
            case "HELLO" or "BYE" or "REPLY" or "UNKNOWNCOMMAND":
                break;
            case var _ when !Knows(name):
                Reply(routingId, "UNKNOWNCOMMAND"u8.ToArray(), parts[0]);
                break;
            case var _ when parts.Length == 1:
                Reply(routingId, "NO_REPLY_TAG"u8.ToArray(), parts[0]);
                break;
            default:
                Reply(routingId, [.. (byte[][])["REPLY"u8.ToArray(), parts[1]], .. Answer(name, routingId, parts[2..])]);
                break;
        }
    }

    /// <summary>The requests that it serves.</summary>
    protected abstract bool Knows(string name);

    protected abstract byte[][] Answer(string name, byte[] routingId, byte[][] data);

    /// <summary>What a restart does to memory.</summary>
    protected abstract void Forget();

    private void Reply(byte[] routingId, params byte[][] parts) => Socket?.TrySend([routingId, .. parts]);

    private bool TryOpen()
    {
        if (Socket is not null)
            return true;

        var socket = new RawSocket(context, RawSocketType.Router).AsListener(privateKey, options.SendQueueMax);
        if (!socket.TryBind($"tcp://{options.Bind}:{(Port == AnyPort ? "*" : Port.ToString(CultureInfo.InvariantCulture))}"))
        {
            socket.Dispose();
            return false;
        }

        var bound = socket.Endpoint();
        Port = int.Parse(bound.AsSpan(bound.LastIndexOf(':') + 1), CultureInfo.InvariantCulture);
        Socket = socket;
        thread.Attach(this);
        return true;
    }
}
