using System.Text;

namespace Sotto.RawHttp2;

/// <summary>Reads and writes blocks of headers (HPACK, RFC 7541). One for each direction of a connection.</summary>
/// <remarks>Huffman coding is refused: the client that this server is for does not use it.</remarks>
internal sealed class HeaderCodec
{
    private const int TableBytesMax = 4096;
    private const int EntryOverhead = 32;

    private readonly List<(string Name, string Value)> _dynamic = [];
    private int _dynamicBytes;
    private int _dynamicBytesMax = TableBytesMax;

    public List<KeyValuePair<string, string>> Read(ReadOnlySpan<byte> block)
    {
        var headers = new List<KeyValuePair<string, string>>();
        while (!block.IsEmpty)
        {
            var first = block[0];
            if ((first & 0x80) != 0)
            {
                var (name, value) = Entry(ReadNumber(ref block, 7));
                headers.Add(new(name, value));
            }
            else if ((first & 0x40) != 0)
            {
                var header = ReadLiteral(ref block, 6);
                headers.Add(header);
                Remember(header.Key, header.Value);
            }
            else if ((first & 0x20) != 0)
            {
                _dynamicBytesMax = Math.Min(ReadNumber(ref block, 5), TableBytesMax);
                Forget(0);
            }
            else
            {
                headers.Add(ReadLiteral(ref block, 4));
            }
        }

        return headers;
    }

    /// <summary>Literals that nobody need remember.</summary>
    public static byte[] Write(IEnumerable<KeyValuePair<string, string>> headers)
    {
        using var block = new MemoryStream();
        foreach (var (name, value) in headers)
        {
            block.WriteByte(0);
            WriteText(block, name);
            WriteText(block, value);
        }

        return block.ToArray();
    }

    private KeyValuePair<string, string> ReadLiteral(ref ReadOnlySpan<byte> block, int bits)
    {
        var index = ReadNumber(ref block, bits);
        var name = index == 0 ? ReadText(ref block) : Entry(index).Name;
        return new(name, ReadText(ref block));
    }

    private (string Name, string Value) Entry(int index)
    {
        if (index >= 1 && index <= StaticTable.Entries.Length)
            return StaticTable.Entries[index - 1];
        var place = index - StaticTable.Entries.Length - 1;
        return place >= 0 && place < _dynamic.Count ? _dynamic[place] : throw new InvalidDataException("There is no such header in the table.");
    }

    private void Remember(string name, string value)
    {
        var bytes = name.Length + value.Length + EntryOverhead;
        Forget(bytes);
        if (bytes > _dynamicBytesMax)
            return;
        _dynamic.Insert(0, (name, value));
        _dynamicBytes += bytes;
    }

    private void Forget(int needed)
    {
        while (_dynamic.Count > 0 && _dynamicBytes + needed > _dynamicBytesMax)
        {
            var (name, value) = _dynamic[^1];
            _dynamicBytes -= name.Length + value.Length + EntryOverhead;
            _dynamic.RemoveAt(_dynamic.Count - 1);
        }
    }

    private static int ReadNumber(ref ReadOnlySpan<byte> block, int bits)
    {
        var most = (1 << bits) - 1;
        var number = block[0] & most;
        block = block[1..];
        if (number < most)
            return number;
        for (var shift = 0; shift <= 21; shift += 7)
        {
            var next = block[0];
            block = block[1..];
            number += (next & 0x7f) << shift;
            if ((next & 0x80) == 0)
                return number;
        }

        throw new InvalidDataException("A number in the headers is too large.");
    }

    private static string ReadText(ref ReadOnlySpan<byte> block)
    {
        if ((block[0] & 0x80) != 0)
            throw new InvalidDataException("Huffman coding is not spoken here.");
        var length = ReadNumber(ref block, 7);
        var text = Encoding.Latin1.GetString(block[..length]);
        block = block[length..];
        return text;
    }

    private static void WriteText(MemoryStream block, string text)
    {
        WriteNumber(block, text.Length, 7);
        block.Write(Encoding.Latin1.GetBytes(text));
    }

    private static void WriteNumber(MemoryStream block, int number, int bits)
    {
        var most = (1 << bits) - 1;
        if (number < most)
        {
            block.WriteByte((byte)number);
            return;
        }

        block.WriteByte((byte)most);
        for (number -= most; number >= 0x80; number >>= 7)
            block.WriteByte((byte)((number & 0x7f) | 0x80));
        block.WriteByte((byte)number);
    }
}
