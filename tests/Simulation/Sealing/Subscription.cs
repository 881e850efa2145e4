using System.Buffers.Binary;
using Encryptor;
using Encryptor.Storage;
using Sotto.Contracts;
using Sotto.Session;
using Sotto.Sodium;

namespace Simulation.Sealing;

/// <summary>One device that wants to be woken for one account.</summary>
internal sealed record Subscription(int Number, AccountId Account, short[] Namespaces, DateTimeOffset ExpiresAt)
{
    /// <summary>Most subscriptions of a world.</summary>
    public const int CountMax = 12;

    // Sealing costs more than all the rest: done once for all seeds.
    private static readonly byte[] PrivateKey = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[][] WrappedKeys = [.. Enumerable.Range(0, CountMax).Select(Wrap)];

    /// <summary>The key of all Encryptors.</summary>
    public static EncryptorKeys Keys { get; } = new(PrivateKey);

    /// <summary>Two devices of an account may be reached by different providers.</summary>
    public string PushProvider => Number % 2 == 0 ? Provider.Apns : Provider.Firebase;

    public byte[] DeviceId { get; } = [.. Enumerable.Repeat((byte)Number, 32)];

    public MatchedSubscription Match(int message) => new(message, IdOf(Number), Number % 3 == 0, PushProvider, DeviceId, [1], WrappedKeys[Number]);

    public static AccountId AccountOf(int number)
    {
        var bytes = new byte[AccountId.Size];
        bytes[0] = AccountId.SessionPrefix;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), number + 1);
        return AccountId.Create(bytes);
    }

    private static Guid IdOf(int number) => new(number + 1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);

    private static byte[] Wrap(int number)
    {
        using var keys = new EncryptorKeys(PrivateKey);
        using var pair = SealingKeyPair.FromPrivateKey(PrivateKey);
        return keys.Rewrap(IdOf(number), SealedBox.Seal(new byte[NotificationEnvelope.KeySize], pair.PublicKey.Span))!;
    }
}
