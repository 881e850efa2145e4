using System.Diagnostics;
using System.Security.Cryptography;

namespace Fuzz;

/// <summary>What came of fuzzing one target.</summary>
/// <param name="Target">Which.</param>
/// <param name="Inputs">How many inputs were read.</param>
/// <param name="Kinds">How many kinds of answer there were.</param>
/// <param name="AllocatedMax">The most that one input made it allocate, in bytes.</param>
/// <param name="Finding">What went wrong; null when nothing did.</param>
/// <param name="File">Where the input is that did it.</param>
internal sealed record FuzzResult(string Target, long Inputs, int Kinds, long AllocatedMax, string? Finding, string? File);

/// <summary>Feeds one target with its corpus and with what becomes of it, until the time is over or something is found.</summary>
internal sealed class Fuzzer(FuzzTarget target, int seed, string findingsFolder)
{
    private const int PoolMax = 2_000;
    private static readonly TimeSpan WatchPause = TimeSpan.FromMilliseconds(200);

    private readonly Random _random = new(seed);
    private readonly List<byte[]> _pool = [];
    private readonly HashSet<string> _kinds = new(StringComparer.Ordinal);
    private volatile byte[]? _present;
    private long _presentSince;
    private long _inputs;
    private long _allocatedMax;
    private string? _finding;
    private byte[] _found = [];

    /// <summary>Fuzzes for a time, and at least the whole corpus once.</summary>
    public FuzzResult Run(IReadOnlyList<byte[]> corpus, TimeSpan time)
    {
        var end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        // A thread of its own: a hang must not take the rest with it.
        var work = new Thread(() => Work(corpus, end)) { IsBackground = true, Name = $"fuzz {target.Name}" };
        work.Start();
        while (!work.Join(WatchPause))
        {
            if (_present is { } input && Stopwatch.GetElapsedTime(Interlocked.Read(ref _presentSince)) > target.TimeMax)
            {
                (_finding, _found) = ($"no answer after {target.TimeMax.TotalSeconds:0} s", input);
                break;
            }
        }

        return new FuzzResult(target.Name, Interlocked.Read(ref _inputs), _kinds.Count, _allocatedMax, _finding, _finding is null ? null : Save());
    }

    private void Work(IReadOnlyList<byte[]> corpus, long end)
    {
        var mutator = new Mutator(_random, target.Words);
        _pool.AddRange(corpus);
        // Types are initialized and code is compiled at the first input: that is not the input's doing.
        foreach (var input in corpus)
            Feed(input, mayAllocate: true);
        foreach (var input in corpus)
            Feed(input);
        if (_pool.Count == 0)
            _pool.Add([]);
        while (_finding is null && Stopwatch.GetTimestamp() < end)
        {
            var input = mutator.Mutate(_pool[_random.Next(_pool.Count)], _pool[_random.Next(_pool.Count)]);
            if (Feed(input) && _pool.Count < PoolMax)
                _pool.Add(input);
        }
    }

    // True when the answer is of a new kind.
    private bool Feed(byte[] input, bool mayAllocate = false)
    {
        if (_finding is not null)
            return false;
        Interlocked.Exchange(ref _presentSince, Stopwatch.GetTimestamp());
        _present = input;
        try
        {
            var (kind, allocated) = Parse(input);
            var bound = target.AllocatedBytesMax + ((long)input.Length * target.AllocatedPerByteMax);
            // An input may be the first to go some way, and pay for what that way needs once: only what it takes each time is its doing.
            if (!mayAllocate && allocated > bound)
                allocated = Parse(input).Allocated;
            _present = null;
            _allocatedMax = mayAllocate ? _allocatedMax : Math.Max(_allocatedMax, allocated);
            if (!mayAllocate && allocated > bound)
                Find(input, $"allocated {allocated} bytes for {input.Length}, more than {bound}");
            return _kinds.Add(kind);
        }
        catch (Exception e)
        {
            Find(input, $"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("Sotto.", StringComparison.Ordinal) || line.Contains(':', StringComparison.Ordinal))?.Trim()}");
            return false;
        }
        finally
        {
            _present = null;
            Interlocked.Increment(ref _inputs);
        }
    }

    private (string Kind, long Allocated) Parse(byte[] input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var kind = target.Parse(input);
        return (kind, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private void Find(byte[] input, string finding) => (_found, _finding) = (input, finding);

    private string Save()
    {
        Directory.CreateDirectory(findingsFolder);
        var file = Path.Combine(findingsFolder, $"{target.Name}-{Convert.ToHexStringLower(SHA256.HashData(_found))[..12]}");
        File.WriteAllBytes(file, _found);
        return file;
    }
}
