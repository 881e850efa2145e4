namespace Sotto.OxenMq.Engine;

/// <summary>The counters behind <see cref="OxenMqCounters"/>: written by the I/O thread, read by all.</summary>
internal sealed class Tally
{
    private long _commandsReceived;
    private long _commandsUnknown;
    private long _messagesIgnored;
    private long _callbackFailures;
    private long _sendsRefused;
    private long _deafConnections;

    public void CommandReceived() => Interlocked.Increment(ref _commandsReceived);

    public void CommandUnknown() => Interlocked.Increment(ref _commandsUnknown);

    public void MessageIgnored() => Interlocked.Increment(ref _messagesIgnored);

    public void CallbackFailed() => Interlocked.Increment(ref _callbackFailures);

    public void SendRefused() => Interlocked.Increment(ref _sendsRefused);

    public void DeafConnection() => Interlocked.Increment(ref _deafConnections);

    public OxenMqCounters Read() => new()
    {
        CommandsReceived = Interlocked.Read(ref _commandsReceived),
        CommandsUnknown = Interlocked.Read(ref _commandsUnknown),
        MessagesIgnored = Interlocked.Read(ref _messagesIgnored),
        CallbackFailures = Interlocked.Read(ref _callbackFailures),
        SendsRefused = Interlocked.Read(ref _sendsRefused),
        DeafConnections = Interlocked.Read(ref _deafConnections),
    };
}
