using System.Net;

namespace Sotto.VendorHttp;

/// <summary>Bytes of a request that tell the moment at which they are written, so that waiting for a stream is not taken for a slow server.</summary>
internal sealed class TimedContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly Action _written;

    public TimedContent(ReadOnlyMemory<byte> bytes, string contentType, Action written)
    {
        _bytes = bytes;
        _written = written;
        Headers.TryAddWithoutValidation("content-type", contentType);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _written();
        return stream.WriteAsync(_bytes, cancellationToken).AsTask();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _bytes.Length;
        return true;
    }
}
