using System.IO.MemoryMappedFiles;

namespace Sotto.Hosting;

/// <summary>A clock that is wrong by as much as a file says at the moment, so that a test can step it while the service runs. Timers and intervals are not touched, as with a real clock that is set.</summary>
/// <remarks>The file holds a number of milliseconds, eight bytes, little-endian; it is mapped, so that a look at the clock costs a look at memory. Thread-safe.</remarks>
internal sealed class SteppedClock : TimeProvider
{
    /// <summary>The environment variable that names the file.</summary>
    public const string Variable = "SOTTO_CLOCK_OFFSET_FILE";

    private readonly MemoryMappedViewAccessor _offset;

    private SteppedClock(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var mapped = MemoryMappedFile.CreateFromFile(stream, mapName: null, sizeof(long), MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _offset = mapped.CreateViewAccessor(0, sizeof(long), MemoryMappedFileAccess.Read);
    }

    /// <summary>The system's clock, unless the process was started with <see cref="Variable"/>.</summary>
    public static TimeProvider FromEnvironment() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } file ? new SteppedClock(file) : System;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromMilliseconds(_offset.ReadInt64(0));
}
