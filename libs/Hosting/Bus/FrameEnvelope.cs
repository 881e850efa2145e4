using System.Text.Json;
using MassTransit;
using MassTransit.Serialization;
using RabbitMQ.Client;
using Sotto.Contracts;

namespace Sotto.Hosting.Bus;

/// <summary>A frame as the bus reads it, in its compact form or in MassTransit's JSON envelope; written once however often it is sent.</summary>
internal sealed class FrameEnvelope<T>
    where T : class
{
    // The bus would indent it, for nobody to read.
    private static readonly JsonSerializerOptions Compact = new(SystemTextJsonMessageSerializer.Options) { WriteIndented = false };
    private static readonly string[] MessageType = [MessageUrn.ForTypeString<Frame<T>>()];

    public FrameEnvelope(Frame<T> frame, TimeProvider clock, FrameFormat format = FrameFormat.Json)
    {
        Frame = frame;
        var id = NewId.NextGuid();
        if (format == FrameFormat.Compact && FrameCodec.Knows<T>() && FrameCodec.Carries(frame))
        {
            Properties = new BasicProperties { Persistent = true, ContentType = FrameCodec.ContentType, MessageId = id.ToString() };
            Body = FrameCodec.Write(frame, clock.GetUtcNow());
            return;
        }

        Properties = new BasicProperties { Persistent = true, ContentType = SystemTextJsonMessageSerializer.JsonContentType.MediaType, MessageId = id.ToString() };
        Body = JsonSerializer.SerializeToUtf8Bytes(new Envelope(id, MessageType, clock.GetUtcNow(), frame), Compact);
    }

    public Frame<T> Frame { get; }

    public BasicProperties Properties { get; }

    public ReadOnlyMemory<byte> Body { get; }

    // The fields of MassTransit's envelope that mean something here; the names on the wire are the camel-cased ones.
    private sealed record Envelope(Guid MessageId, string[] MessageType, DateTimeOffset SentTime, Frame<T> Message);
}
