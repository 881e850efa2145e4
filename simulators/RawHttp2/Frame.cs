using System.Buffers.Binary;

namespace Sotto.RawHttp2;

/// <summary>Types of frames (RFC 9113 section 6).</summary>
internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    Priority = 2,
    ResetStream = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

/// <summary>Error codes (RFC 9113 section 7).</summary>
public enum Http2Error
{
    /// <summary>Nothing is wrong.</summary>
    None = 0,

    /// <summary>The peer broke the protocol.</summary>
    Protocol = 1,

    /// <summary>Something broke inside.</summary>
    Internal = 2,

    /// <summary>The stream was not looked at; it may be tried again.</summary>
    RefusedStream = 7,

    /// <summary>The stream is no longer wanted.</summary>
    Cancel = 8,

    /// <summary>Headers cannot be read.</summary>
    Compression = 9,

    /// <summary>Too much.</summary>
    EnhanceYourCalm = 11,
}

/// <summary>One frame.</summary>
internal readonly record struct Frame(FrameType Type, byte Flags, int Stream, ReadOnlyMemory<byte> Payload)
{
    public const int HeaderSize = 9;
    public const int PayloadMax = 16_384;

    public const byte EndStream = 0x1;
    public const byte Ack = 0x1;
    public const byte EndHeaders = 0x4;
    public const byte Padded = 0x8;
    public const byte HasPriority = 0x20;

    public bool Has(byte flag) => (Flags & flag) != 0;

    public static async Task<Frame?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderSize];
        if (await stream.ReadAtLeastAsync(header, HeaderSize, throwOnEndOfStream: false, cancellationToken) < HeaderSize)
            return null;
        var length = (header[0] << 16) | (header[1] << 8) | header[2];
        if (length > PayloadMax)
            throw new InvalidDataException("A frame is too large.");
        var payload = new byte[length];
        await stream.ReadExactlyAsync(payload, cancellationToken);
        return new Frame((FrameType)header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)) & int.MaxValue, payload);
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderSize + Payload.Length];
        bytes[0] = (byte)(Payload.Length >> 16);
        bytes[1] = (byte)(Payload.Length >> 8);
        bytes[2] = (byte)Payload.Length;
        bytes[3] = (byte)Type;
        bytes[4] = Flags;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(5), Stream);
        Payload.CopyTo(bytes.AsMemory(HeaderSize));
        return bytes;
    }

    /// <summary>The payload without padding and priority.</summary>
    public ReadOnlyMemory<byte> Content()
    {
        var content = Payload;
        var padding = 0;
        if (Has(Padded))
        {
            padding = content.Span[0];
            content = content[1..];
        }

        if (Type == FrameType.Headers && Has(HasPriority))
            content = content[5..];
        return content[..^padding];
    }
}
