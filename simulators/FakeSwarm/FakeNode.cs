using Sotto.FakeSwarm.Nodes;

namespace Sotto.FakeSwarm;

/// <summary>One storage node, with what a test may bend. Thread-safe.</summary>
public sealed class FakeNode
{
    private int _hasAddress = 1;
    private ulong _swarm;

    internal FakeNode(int index, byte[] publicKey, ulong swarm, NodeListener listener, ListenerThread thread)
    {
        Index = index;
        PublicKey = publicKey;
        _swarm = swarm;
        Listener = listener;
        Thread = thread;
    }

    public int Index { get; }

    /// <summary>Its x25519 key, by which oxend lists it.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    public string Endpoint => Listener.Endpoint;

    public int Port => Listener.Port;

    public ulong Swarm
    {
        get => Volatile.Read(ref _swarm);
        internal set => Volatile.Write(ref _swarm, value);
    }

    public bool IsUp => Listener.IsListening;

    /// <summary>Keeps its connections and heartbeats, and neither answers nor notifies.</summary>
    public bool IsSilent
    {
        get => Listener.IsSilent;
        set => Listener.IsSilent = value;
    }

    /// <summary>Whether oxend lists its <c>public_ip</c> and <c>storage_lmq_port</c>.</summary>
    public bool HasAddress
    {
        get => Volatile.Read(ref _hasAddress) != 0;
        set => Volatile.Write(ref _hasAddress, value ? 1 : 0);
    }

    /// <summary>The share of notifications that it swallows, 0 to 1.</summary>
    public double DropRate { get; set; }

    /// <summary>How late it sends notifications.</summary>
    public TimeSpan Delay { get; set; }

    internal NodeListener Listener { get; }

    internal ListenerThread Thread { get; }

    internal ListedNode Listed => new(PublicKey.ToArray(), HasAddress ? Listener.Host : null, HasAddress ? Port : null, Swarm);
}
