using System.Net.Mime;
using System.Runtime.Serialization;
using MassTransit;
using MassTransit.Serialization;
using Sotto.Contracts;

namespace Sotto.Hosting.Bus;

/// <summary>Lets the bus read frames in their compact form, beside those in JSON: which one a message is its content type says.</summary>
internal sealed class FrameDeserializer : IMessageDeserializer
{
    private static readonly ContentType Compact = new(FrameCodec.ContentType);
    private static readonly string[] Messages = [MessageUrn.ForTypeString<Frame<MessageArrived>>()];
    private static readonly string[] Pushes = [MessageUrn.ForTypeString<Frame<EncryptedPush>>()];

    public ContentType ContentType => Compact;

    public ConsumeContext Deserialize(ReceiveContext receiveContext) =>
        new BodyConsumeContext(receiveContext, Deserialize(receiveContext.Body, receiveContext.TransportHeaders, receiveContext.InputAddress));

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null)
    {
        var frame = FrameCodec.Read(body.GetBytes(), out _);
        return new SystemTextJsonSerializerContext(
            SystemTextJsonMessageSerializer.Instance,
            SystemTextJsonMessageSerializer.Options,
            Compact,
            new RawMessageContext(headers, destinationAddress, RawSerializerOptions.Default),
            frame is Frame<MessageArrived> ? Messages : Pushes,
            envelope: null,
            frame);
    }

    public MessageBody GetMessageBody(string text) => throw new SerializationException("A compact frame is no text.");

    public void Probe(ProbeContext context) => context.CreateScope("frame").Add("contentType", FrameCodec.ContentType);

    /// <summary>Makes it for the bus, which never writes this form itself: see <see cref="FramePublisher{T}"/>.</summary>
    public sealed class Factory : ISerializerFactory
    {
        public ContentType ContentType => Compact;

        public IMessageDeserializer CreateDeserializer() => new FrameDeserializer();

        public IMessageSerializer CreateSerializer() => throw new NotSupportedException("The bus does not write compact frames.");
    }
}
