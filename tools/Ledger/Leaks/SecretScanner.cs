using System.Buffers.Binary;
using System.Collections.Frozen;

namespace Sotto.Ledger.Leaks;

/// <summary>Looks for thousands of secrets at once in whatever bytes there are, at about a gigabyte a second. Thread-safe.</summary>
public sealed class SecretScanner
{
    /// <summary>Shortest spelling that can be looked for, in bytes.</summary>
    public const int LengthMin = 8;

    /// <summary>Most findings kept; what is found beyond is counted.</summary>
    public const int FindingsMax = 100;

    private const int FilterBits = 22;
    private const int ChunkBytes = 1 << 20;

    private readonly FrozenDictionary<ulong, (byte[] Bytes, string Name)[]> _byBeginning;
    private readonly ulong[] _filter = new ulong[1 << (FilterBits - 6)];
    private readonly int _lengthMax;
    private readonly Lock _gate = new();
    private readonly List<Finding> _findings = [];
    private long _count;
    private long _bytes;
    private long _places;

    /// <summary>A scanner for these.</summary>
    public SecretScanner(SecretPatterns patterns)
    {
        _byBeginning = patterns.All.GroupBy(pattern => BinaryPrimitives.ReadUInt64LittleEndian(pattern.Bytes))
            .ToFrozenDictionary(group => group.Key, group => group.ToArray());
        foreach (var beginning in _byBeginning.Keys)
            _filter[Slot(beginning) >> 6] |= 1UL << (int)(Slot(beginning) & 63);
        _lengthMax = patterns.All.Count == 0 ? LengthMin : patterns.All.Max(pattern => pattern.Bytes.Length);
    }

    /// <summary>Where something was found, at most <see cref="FindingsMax"/> of them.</summary>
    public IReadOnlyList<Finding> Findings
    {
        get
        {
            lock (_gate)
                return [.. _findings];
        }
    }

    /// <summary>How often something was found.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>How many bytes were looked at.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>How many files, pages, tables or messages were looked at.</summary>
    public long Places => Interlocked.Read(ref _places);

    /// <summary>Looks at one text or message.</summary>
    /// <param name="place">Its name.</param>
    /// <param name="content">All of it.</param>
    public void Scan(string place, ReadOnlySpan<byte> content)
    {
        Interlocked.Increment(ref _places);
        Interlocked.Add(ref _bytes, content.Length);
        Search(place, content, content.Length, 0);
    }

    /// <summary>Looks at all that a stream gives, however long.</summary>
    /// <param name="place">Its name.</param>
    /// <param name="stream">Read to its end.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task ScanAsync(string place, Stream stream, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _places);
        var chunk = new byte[_lengthMax + ChunkBytes];
        var (kept, offset) = (0, 0L);
        while (true)
        {
            var read = await stream.ReadAtLeastAsync(chunk.AsMemory(kept, ChunkBytes), ChunkBytes, throwOnEndOfStream: false, cancellation);
            var length = kept + read;
            // What begins too near the end to be seen whole is looked at again with what follows.
            var isEnd = read < ChunkBytes;
            var beginnings = isEnd ? length : Math.Max(0, length - _lengthMax + 1);
            Search(place, chunk.AsSpan(0, length), beginnings, offset);
            Interlocked.Add(ref _bytes, read);
            if (isEnd)
                return;
            chunk.AsSpan(beginnings, length - beginnings).CopyTo(chunk);
            (kept, offset) = (length - beginnings, offset + beginnings);
        }
    }

    private static uint Slot(ulong beginning) => (uint)((beginning * 0x9E3779B97F4A7C15) >> (64 - FilterBits));

    private void Search(string place, ReadOnlySpan<byte> content, int beginnings, long offset)
    {
        var last = Math.Min(beginnings, content.Length - LengthMin + 1);
        for (var i = 0; i < last; i++)
        {
            var beginning = BinaryPrimitives.ReadUInt64LittleEndian(content[i..]);
            var slot = Slot(beginning);
            if ((_filter[slot >> 6] >> (int)(slot & 63) & 1) == 0 || !_byBeginning.TryGetValue(beginning, out var candidates))
                continue;
            foreach (var (bytes, name) in candidates)
            {
                if (content[i..].StartsWith(bytes))
                    Found(new Finding(place, offset + i, name));
            }
        }
    }

    private void Found(Finding finding)
    {
        Interlocked.Increment(ref _count);
        lock (_gate)
        {
            if (_findings.Count < FindingsMax)
                _findings.Add(finding);
        }
    }
}

/// <summary>Where something was found that must not be there. Never the secret itself.</summary>
/// <param name="Place">The file, page, table or queue.</param>
/// <param name="Offset">The byte at which it begins.</param>
/// <param name="Secret">What it is, by name.</param>
public sealed record Finding(string Place, long Offset, string Secret);
