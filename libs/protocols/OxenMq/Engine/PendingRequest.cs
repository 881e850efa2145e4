using System.Security.Cryptography;
using System.Text;

namespace Sotto.OxenMq.Engine;

/// <summary>A request from the moment it is made until its reply.</summary>
internal sealed class PendingRequest(string command, IReadOnlyList<ReadOnlyMemory<byte>> parts)
{
    /// <summary>Random bytes of a tag, as the reference library draws them.</summary>
    public const int TagSize = 15;

    // Continuations must not run on the I/O thread: nobody else reads meanwhile.
    private readonly TaskCompletionSource<IReadOnlyList<ReadOnlyMemory<byte>>> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public byte[] Name { get; } = Encoding.UTF8.GetBytes(command);

    public byte[] Tag { get; } = RandomNumberGenerator.GetBytes(TagSize);

    public IReadOnlyList<ReadOnlyMemory<byte>> Parts { get; } = parts;

    public Task<IReadOnlyList<ReadOnlyMemory<byte>>> Reply => _completion.Task;

    /// <summary>Clock timestamps; set by the I/O thread when it sends.</summary>
    public long SentAt { get; set; }

    public void Complete(ReadOnlyMemory<byte>[] data) => _completion.TrySetResult(data);

    public void Fail(OxenMqFailure failure, string? code = null) => _completion.TrySetException(new OxenMqException(failure, code));
}
