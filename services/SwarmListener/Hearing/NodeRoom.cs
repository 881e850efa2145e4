namespace SwarmListener.Hearing;

/// <summary>What one node's messages take up of the room in which messages wait for the broker. Thread-safe.</summary>
internal sealed class NodeRoom
{
    private long _messages;
    private long _bytes;

    /// <summary>Takes up room for one message if that stays within the bounds.</summary>
    public bool TryEnter(int bytes, long messagesMax, long bytesMax)
    {
        var fits = Interlocked.Increment(ref _messages) <= messagesMax;
        if ((Interlocked.Add(ref _bytes, bytes) <= bytesMax) & fits)
            return true;
        Leave(bytes);
        return false;
    }

    /// <summary>Gives the room of one message back.</summary>
    public void Leave(int bytes)
    {
        Interlocked.Decrement(ref _messages);
        Interlocked.Add(ref _bytes, -bytes);
    }
}
