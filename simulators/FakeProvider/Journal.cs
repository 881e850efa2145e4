using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sotto.FakeProvider;

/// <summary>
/// A file of the notifications that were taken, whole, for a reader that comes later or reads along: there is no end to how many, and writing one costs a few microseconds.
/// Each device's record: length of what follows (4 bytes), when the request's last byte was read in unix microseconds (8), length of the token (2) and the token in ASCII, length of the vendor's own id (1) and the id (empty where the vendor has none), then the content.
/// Numbers are little-endian. A record is written by one call, so that a reader sees whole ones except perhaps the last.
/// </summary>
public sealed class Journal : IDisposable
{
    private const int HeadBytes = sizeof(int) + sizeof(long) + sizeof(ushort);

    private readonly FileStream _file;

    /// <summary>Begins a new file in place of one that is there.</summary>
    public Journal(string path) => _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    // One writer at a time: the ledger's lock is held.
    internal void Write(ReceivedRequest request, ReadOnlySpan<byte> content)
    {
        foreach (var token in request.AcceptedTokens)
        {
            var id = request.Header("apns-id") ?? "";
            var length = HeadBytes + token.Length + 1 + id.Length + content.Length;
            var buffer = ArrayPool<byte>.Shared.Rent(length);
            BinaryPrimitives.WriteInt32LittleEndian(buffer, length - sizeof(int));
            BinaryPrimitives.WriteInt64LittleEndian(buffer.AsSpan(4), (request.At - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
            BinaryPrimitives.WriteUInt16LittleEndian(buffer.AsSpan(12), (ushort)token.Length);
            Encoding.ASCII.GetBytes(token, buffer.AsSpan(HeadBytes));
            var at = HeadBytes + token.Length;
            buffer[at++] = (byte)id.Length;
            at += Encoding.ASCII.GetBytes(id, buffer.AsSpan(at));
            content.CopyTo(buffer.AsSpan(at));
            _file.Write(buffer, 0, length);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
