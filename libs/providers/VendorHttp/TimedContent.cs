using System.Net;

namespace Sotto.VendorHttp;

/// <summary>Bytes of a request that tell the moment at which they are written, so that waiting for a stream is not taken for a slow server.</summary>
/// <remarks>The handler may write them again, when a server has not looked at them. What the one who is told throws ends the request unwritten.</remarks>
public sealed class TimedContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly Action _written;

    /// <summary>Content of these bytes.</summary>
    /// <param name="bytes">Not copied.</param>
    /// <param name="contentType">The header.</param>
    /// <param name="written">Told just before they are written.</param>
    public TimedContent(ReadOnlyMemory<byte> bytes, string contentType, Action written)
    {
        _bytes = bytes;
        _written = written;
        Headers.TryAddWithoutValidation("content-type", contentType);
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _written();
        return stream.WriteAsync(_bytes, cancellationToken).AsTask();
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _bytes.Length;
        return true;
    }
}
