using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sotto.FakeSwarm.Wire;

/// <summary>Bencoding written piece by piece; the caller keeps the keys in order.</summary>
internal sealed class BencodeText
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public BencodeText Raw(string text)
    {
        _bytes.Write(Encoding.ASCII.GetBytes(text));
        return this;
    }

    public BencodeText Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public BencodeText String(ReadOnlySpan<byte> value) => Raw(string.Create(CultureInfo.InvariantCulture, $"{value.Length}:")).Raw(value);

    public BencodeText String(string value) => String(Encoding.UTF8.GetBytes(value));

    public BencodeText Integer(long value) => Raw(string.Create(CultureInfo.InvariantCulture, $"i{value}e"));

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
}
