namespace Sotto.OxenMq.Engine;

/// <summary>The counters behind <see cref="OxenMqCounters"/>: written by the I/O thread, read by all.</summary>
internal sealed class Tally
{
    private long commandsReceived;
    private long commandsUnknown;
    private long messagesIgnored;
    private long callbackFailures;
    private long sendsRefused;
    private long deafConnections;

    public void CommandReceived() => Interlocked.Increment(ref commandsReceived);

    public void CommandUnknown() => Interlocked.Increment(ref commandsUnknown);

    public void MessageIgnored() => Interlocked.Increment(ref messagesIgnored);

    public void CallbackFailed() => Interlocked.Increment(ref callbackFailures);

    public void SendRefused() => Interlocked.Increment(ref sendsRefused);

    public void DeafConnection() => Interlocked.Increment(ref deafConnections);

    public OxenMqCounters Read() => new()
    {
        CommandsReceived = Interlocked.Read(ref commandsReceived),
        CommandsUnknown = Interlocked.Read(ref commandsUnknown),
        MessagesIgnored = Interlocked.Read(ref messagesIgnored),
        CallbackFailures = Interlocked.Read(ref callbackFailures),
        SendsRefused = Interlocked.Read(ref sendsRefused),
        DeafConnections = Interlocked.Read(ref deafConnections),
    };
}
