using System.Text;

namespace Sotto.OxenMq.Engine;

/// <summary>Calls what the options name, and survives it.</summary>
internal sealed class Callbacks(OxenMqOptions options, Tally tally)
{
    // Two or three commands are served, so comparing bytes is faster than making a string of each name that comes.
    private readonly (byte[] Name, OxenMqCommandHandler Handler)[] _commands =
        [.. options.Commands.Select(command => (Encoding.Latin1.GetBytes(command.Key), command.Value))];

    public void Connected(OxenMqPeer peer, bool isReconnect) => Run(() => options.PeerConnected?.Invoke(peer, isReconnect));

    public void Disconnected(OxenMqPeer peer) => Run(() => options.PeerDisconnected?.Invoke(peer));

    public void Failed(OxenMqPeer peer, OxenMqPeerFailure failure) => Run(() => options.PeerFailed?.Invoke(peer, failure));

    /// <returns>False if no such command is served.</returns>
    public bool TryCommand(OxenMqPeer peer, ReadOnlySpan<byte> name, ReadOnlyMemory<byte>[] data)
    {
        foreach ((byte[] served, OxenMqCommandHandler handler) in _commands)
        {
            if (!name.SequenceEqual(served))
                continue;

            tally.CommandReceived();
            try
            {
                handler(peer, data);
            }
            catch (Exception)
            {
                tally.CallbackFailed();
            }

            return true;
        }

        return false;
    }

    private void Run(Action callback)
    {
        try
        {
            callback();
        }
        catch (Exception)
        {
            tally.CallbackFailed();
        }
    }
}
