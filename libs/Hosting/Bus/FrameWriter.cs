using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sotto.Hosting.Bus;

/// <summary>Writes the fields of <see cref="FrameCodec"/>.</summary>
internal readonly ref struct FrameWriter(IBufferWriter<byte> to)
{
    private const int NumberBytesMax = 10;

    public void Byte(byte value)
    {
        to.GetSpan(1)[0] = value;
        to.Advance(1);
    }

    public void Int16(short value)
    {
        BinaryPrimitives.WriteInt16LittleEndian(to.GetSpan(sizeof(short)), value);
        to.Advance(sizeof(short));
    }

    public void Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to.GetSpan(sizeof(int)), value);
        to.Advance(sizeof(int));
    }

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to.GetSpan(sizeof(long)), value);
        to.Advance(sizeof(long));
    }

    public void Instant(DateTimeOffset value) => Int64(value.UtcTicks);

    public void Guid(Guid value)
    {
        const int Size = 16;
        value.TryWriteBytes(to.GetSpan(Size), bigEndian: true, out _);
        to.Advance(Size);
    }

    public void Number(ulong value)
    {
        var span = to.GetSpan(NumberBytesMax);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
            span[length++] = (byte)(value | 0x80);
        span[length++] = (byte)value;
        to.Advance(length);
    }

    public void Bytes(byte[]? value)
    {
        if (value is null)
        {
            Number(0);
            return;
        }

        Number((ulong)value.Length + 1);
        value.CopyTo(to.GetSpan(value.Length));
        to.Advance(value.Length);
    }

    public void Text(string? value)
    {
        if (value is null)
        {
            Number(0);
            return;
        }

        var length = Encoding.UTF8.GetByteCount(value);
        Number((ulong)length + 1);
        Encoding.UTF8.GetBytes(value, to.GetSpan(length));
        to.Advance(length);
    }
}
