using System.Buffers;
using System.Runtime.Serialization;
using Sotto.Contracts;

namespace Sotto.Hosting.Bus;

/// <summary>The compact form of the two frames that every notification travels in: <see cref="MessageArrived"/> and <see cref="EncryptedPush"/> (decision 0011). All others are JSON.</summary>
/// <remarks>
/// Version (1 byte), kind (1), when it was sent in ticks of UTC (8), then a count and the items, field by field. Numbers are little-endian; counts and lengths are LEB128; a length of bytes or text is
/// written plus one, and 0 means that there is none. A new field goes to the end of an item in a new version, and readers go on reading the old ones.
/// Thread-safe.
/// </remarks>
public static class FrameCodec
{
    /// <summary>Content type of a frame in this form.</summary>
    public const string ContentType = "application/vnd.sotto.frame";

    private const byte Version = 1;

    // Fields of fixed size and what is usual of the others; the buffer grows when that is not enough.
    private const int ItemBytes = 1_024;

    private enum Kind : byte
    {
        MessageArrived = 1,
        EncryptedPush = 2,
    }

    /// <summary>True when frames of this kind have a compact form.</summary>
    public static bool Knows<T>()
        where T : class => typeof(T) == typeof(MessageArrived) || typeof(T) == typeof(EncryptedPush);

    /// <summary>True when nothing of the frame would be left out: what a push that failed remembers of its attempts has no place in version 1.</summary>
    public static bool Carries<T>(Frame<T> frame)
        where T : class => frame is not Frame<EncryptedPush> pushes || pushes.Items.All(push => push is { SuspectedAt: null, PastAttempts: null });

    /// <summary>Writes a frame. Of one that it does not carry (<see cref="Carries"/>) something is left out.</summary>
    /// <exception cref="NotSupportedException">There is no compact form for this kind.</exception>
    public static ReadOnlyMemory<byte> Write<T>(Frame<T> frame, DateTimeOffset sentAt)
        where T : class
    {
        var buffer = new ArrayBufferWriter<byte>((frame.Items.Count + 1) * ItemBytes);
        var writer = new FrameWriter(buffer);
        writer.Byte(Version);
        switch (frame)
        {
            case Frame<MessageArrived> messages:
                Head(ref writer, Kind.MessageArrived, sentAt, messages.Items.Count);
                foreach (var message in messages.Items)
                    Write(ref writer, message);
                break;
            case Frame<EncryptedPush> pushes:
                Head(ref writer, Kind.EncryptedPush, sentAt, pushes.Items.Count);
                foreach (var push in pushes.Items)
                    Write(ref writer, push);
                break;
            default:
                throw new NotSupportedException($"A frame of {typeof(T).Name} has no compact form.");
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Reads a frame: a <see cref="Frame{T}"/> of either kind.</summary>
    /// <exception cref="SerializationException">It is not one, or is of a version that is not known here.</exception>
    public static object Read(ReadOnlySpan<byte> body, out DateTimeOffset sentAt)
    {
        var reader = new FrameReader(body);
        if (reader.Byte() is var version && version != Version)
            throw new SerializationException($"A frame of version {version} cannot be read here.");
        var kind = (Kind)reader.Byte();
        sentAt = reader.Instant();
        var count = reader.Count();
        object frame = kind switch
        {
            Kind.MessageArrived => new Frame<MessageArrived> { Items = ReadMessages(ref reader, count) },
            Kind.EncryptedPush => new Frame<EncryptedPush> { Items = ReadPushes(ref reader, count) },
            _ => throw new SerializationException($"A frame of kind {(byte)kind} cannot be read here."),
        };
        reader.RequireEnd();
        return frame;
    }

    private static void Head(ref FrameWriter writer, Kind kind, DateTimeOffset sentAt, int count)
    {
        writer.Byte((byte)kind);
        writer.Instant(sentAt);
        writer.Number((ulong)count);
    }

    private static void Write(ref FrameWriter writer, MessageArrived message)
    {
        writer.Bytes(message.Account);
        writer.Text(message.MessageHash);
        writer.Int16(message.Namespace);
        writer.Int64(message.StoredAtMilliseconds);
        writer.Int64(message.ExpiresAtMilliseconds);
        writer.Bytes(message.Data);
        writer.Instant(message.HeardAt);
    }

    private static MessageArrived[] ReadMessages(ref FrameReader reader, int count)
    {
        var messages = new MessageArrived[count];
        for (var i = 0; i < count; i++)
        {
            messages[i] = new MessageArrived
            {
                Account = reader.Bytes()!,
                MessageHash = reader.Text(null)!,
                Namespace = reader.Int16(),
                StoredAtMilliseconds = reader.Int64(),
                ExpiresAtMilliseconds = reader.Int64(),
                Data = reader.Bytes(),
                HeardAt = reader.Instant(),
            };
        }

        return messages;
    }

    private static void Write(ref FrameWriter writer, EncryptedPush push)
    {
        writer.Guid(push.PushId);
        writer.Text(push.Provider);
        writer.Bytes(push.DeviceId);
        writer.Bytes(push.SealedDeviceToken);
        writer.Bytes(push.Payload);
        writer.Byte((byte)push.Urgency);
        writer.Instant(push.ExpiresAt);
        writer.Instant(push.HeardAt);
        writer.Int32(push.Attempt);
        writer.Byte(push.FirstAttemptAt is null ? (byte)0 : (byte)1);
        if (push.FirstAttemptAt is { } first)
            writer.Instant(first);
    }

    private static EncryptedPush[] ReadPushes(ref FrameReader reader, int count)
    {
        var pushes = new EncryptedPush[count];
        string? provider = null;
        for (var i = 0; i < count; i++)
        {
            pushes[i] = new EncryptedPush
            {
                PushId = reader.Guid(),
                // All of a frame have the same one.
                Provider = (provider = reader.Text(provider))!,
                DeviceId = reader.Bytes()!,
                SealedDeviceToken = reader.Bytes()!,
                Payload = reader.Bytes()!,
                Urgency = (PushUrgency)reader.Byte(),
                ExpiresAt = reader.Instant(),
                HeardAt = reader.Instant(),
                Attempt = reader.Int32(),
                FirstAttemptAt = reader.Byte() == 0 ? null : reader.Instant(),
            };
        }

        return pushes;
    }
}
