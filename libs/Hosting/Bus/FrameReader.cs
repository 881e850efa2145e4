using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Text;

namespace Sotto.Hosting.Bus;

/// <summary>Reads the fields of <see cref="FrameCodec"/>. What is not there, or too long to be there, is an error; nothing is allocated on a length's word alone.</summary>
internal ref struct FrameReader(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;
    private int _at;

    public byte Byte() => Take(1)[0];

    public short Int16() => BinaryPrimitives.ReadInt16LittleEndian(Take(sizeof(short)));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    public DateTimeOffset Instant()
    {
        var ticks = Int64();
        return ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks ? new DateTimeOffset(ticks, TimeSpan.Zero) : throw Wrong();
    }

    public Guid Guid() => new(Take(16), bigEndian: true);

    /// <summary>A number of things of which each takes at least a byte.</summary>
    public int Count()
    {
        var count = Number();
        return count <= (ulong)(_body.Length - _at) ? (int)count : throw Wrong();
    }

    public byte[]? Bytes() => TryLength(out var length) ? Take(length).ToArray() : null;

    /// <param name="likely">What it probably is; then nothing is allocated.</param>
    public string? Text(string? likely)
    {
        if (!TryLength(out var length))
            return null;
        var bytes = Take(length);
        if (likely is not null && likely.Length == length && Ascii.Equals(bytes, likely))
            return likely;
        return Encoding.UTF8.GetString(bytes);
    }

    public readonly void RequireEnd()
    {
        if (_at != _body.Length)
            throw Wrong();
    }

    private static SerializationException Wrong() => new("The bytes are no frame.");

    private bool TryLength(out int length)
    {
        var number = Number();
        if (number > int.MaxValue)
            throw Wrong();
        length = (int)number - 1;
        return number > 0;
    }

    private ulong Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }

        throw Wrong();
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _body.Length - _at)
            throw Wrong();
        var taken = _body.Slice(_at, length);
        _at += length;
        return taken;
    }
}
