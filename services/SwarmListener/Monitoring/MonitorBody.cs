using System.Buffers;
using Sotto.Session;

namespace SwarmListener.Monitoring;

/// <summary>
/// The body of one <c>monitor.messages</c> request while it is filled: a bencoded list of what many accounts ask. Rents its memory until disposed of.
/// </summary>
internal sealed class MonitorBody : IDisposable
{
    private const int BytesFirst = 4 * 1024;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(BytesFirst);
    private int _length;

    /// <summary>Begins an empty list.</summary>
    public MonitorBody() => _bytes[_length++] = (byte)'l';

    /// <summary>Elements in the list.</summary>
    public int Count { get; private set; }

    /// <summary>The accounts that it is about, to be told again if the request fails.</summary>
    public List<AccountRef> Accounts { get; } = [];

    /// <summary>True when no more should be added (session-v2 section 5.6: it may end a little over).</summary>
    public bool IsFull => _length >= MonitorRequest.BytesMax;

    /// <summary>Bytes so far.</summary>
    public int Length => _length;

    /// <summary>Adds one bencoded dictionary.</summary>
    public void Append(ReadOnlySpan<byte> element)
    {
        // One byte is kept for the end of the list.
        if (_bytes.Length - _length <= element.Length)
            Grow(_length + element.Length + 1);
        element.CopyTo(_bytes.AsSpan(_length));
        _length += element.Length;
        Count++;
    }

    /// <summary>Ends the list and returns it; valid until this is disposed of.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        _bytes[_length++] = (byte)'e';
        return _bytes.AsMemory(0, _length);
    }

    /// <summary>Gives the memory back. Only when nobody can be reading it any more.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private void Grow(int lengthMin)
    {
        var grown = ArrayPool<byte>.Shared.Rent(Math.Max(lengthMin, _bytes.Length * 2));
        _bytes.AsSpan(0, _length).CopyTo(grown);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = grown;
    }
}
