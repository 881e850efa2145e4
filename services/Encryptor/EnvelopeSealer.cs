using Sotto.Session;

namespace Encryptor;

/// <summary>Seals envelopes for the messages of one frame. Their plaintexts are written once for all devices: one with the message's data and one without. Not thread-safe.</summary>
internal sealed class EnvelopeSealer(IReadOnlyList<ArrivedMessage> messages, MetadataForm form)
{
    private readonly byte[]?[] _withData = new byte[]?[messages.Count];
    private readonly byte[]?[] _withoutData = new byte[]?[messages.Count];

    /// <summary>One device's envelope, with a nonce of its own.</summary>
    public byte[] Seal(int message, bool wantsData, ReadOnlySpan<byte> key)
    {
        var plaintext = wantsData
            ? _withData[message] ??= NotificationEnvelope.Plaintext(messages[message].Swarm, form)
            : _withoutData[message] ??= NotificationEnvelope.Plaintext(messages[message].Swarm with { Data = null }, form);
        return NotificationEnvelope.Seal(plaintext, key);
    }
}
