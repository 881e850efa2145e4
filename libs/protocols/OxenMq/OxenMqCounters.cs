namespace Sotto.OxenMq;

/// <summary>What a client has seen since it was made. A snapshot: see <see cref="OxenMqClient.Counters"/>.</summary>
public readonly record struct OxenMqCounters
{
    /// <summary>Commands handed to their handlers.</summary>
    public long CommandsReceived { get; init; }

    /// <summary>Commands of unknown name, answered <c>UNKNOWNCOMMAND</c>.</summary>
    public long CommandsUnknown { get; init; }

    /// <summary>Messages that meant nothing to us: empty, without their tag, or with a tag that nobody waits for any more.</summary>
    public long MessagesIgnored { get; init; }

    /// <summary>Exceptions that callbacks threw.</summary>
    public long CallbackFailures { get; init; }

    /// <summary>Messages of ours that libzmq did not take, because the peer was gone or its queue full.</summary>
    public long SendsRefused { get; init; }

    /// <summary>Connections made anew because the peer did not answer on a connection that looked alive.</summary>
    public long DeafConnections { get; init; }
}
