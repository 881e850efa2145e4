using System.Buffers.Binary;
using System.Text;

namespace Sotto.Bench.Pipeline;

/// <summary>Reads along in the file in which the simulated provider writes every notification that it takes.</summary>
internal sealed class ProviderJournal(string path) : IDisposable
{
    private const int HeadBytes = sizeof(int) + sizeof(long) + sizeof(ushort);

    private readonly FileStream _file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
    private readonly byte[] _buffer = new byte[1024 * 1024];
    private long _counted;

    /// <summary>Notifications counted by <see cref="Count"/> since the beginning.</summary>
    public int Records { get; private set; }

    /// <summary>Where the next record that is not counted yet begins.</summary>
    public long Position => _counted;

    /// <summary>Counts what has come since the last call. Looks at lengths only.</summary>
    public int Count()
    {
        while (true)
        {
            var filled = RandomAccess.Read(_file.SafeFileHandle, _buffer, _counted);
            var at = 0;
            while (filled - at >= sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(at)) + sizeof(int) is var length && filled - at >= length)
            {
                at += length;
                Records++;
            }

            if (at == 0)
                return Records;
            _counted += at;
        }
    }

    /// <summary>Reads the records between two positions.</summary>
    public List<Taken> Read(long from, long to)
    {
        var taken = new List<Taken>();
        var bytes = new byte[to - from];
        for (var filled = 0; filled < bytes.Length;)
            filled += RandomAccess.Read(_file.SafeFileHandle, bytes.AsSpan(filled), from + filled);
        for (var at = 0; at < bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)) + sizeof(int);
            var tokenLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + sizeof(int) + sizeof(long)));
            var id = at + HeadBytes + tokenLength;
            var body = id + 1 + bytes[id];
            taken.Add(new Taken(
                BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at + sizeof(int))),
                Encoding.ASCII.GetString(bytes, at + HeadBytes, tokenLength),
                Encoding.ASCII.GetString(bytes, id + 1, bytes[id]),
                bytes.AsMemory(body, at + length - body)));
            at += length;
        }

        return taken;
    }

    public void Dispose() => _file.Dispose();
}

/// <summary>A notification that the provider took: when, for which device token, under which id, and the request's body.</summary>
internal sealed record Taken(long AtMicroseconds, string Token, string Id, ReadOnlyMemory<byte> Body)
{
    // A record would print the token.
    public override string ToString() => nameof(Taken);
}
