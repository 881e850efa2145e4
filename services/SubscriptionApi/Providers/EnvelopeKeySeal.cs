using Sotto.Sodium;

namespace SubscriptionApi.Providers;

/// <summary>Seals envelope keys to the Encryptor: this service cannot open what it stores.</summary>
internal sealed class EnvelopeKeySeal(SealingKeys keys)
{
    public byte[] Seal(ReadOnlySpan<byte> envelopeKey) =>
        SealedBox.Seal(envelopeKey, keys.Find(SealingKeys.Encryptor) ?? throw new InvalidOperationException("The Encryptor's public key is gone."));
}
