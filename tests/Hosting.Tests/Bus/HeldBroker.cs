using System.Collections.Concurrent;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Hosting.Tests.Bus;

/// <summary>Stands for the broker's side of a publisher: keeps what was sent, and confirms when the test says so.</summary>
internal sealed class HeldBroker
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _failures;

    public ConcurrentQueue<Frame<PushExpired>> Sent { get; } = new();

    public void ConfirmAll() => _released.TrySetResult();

    public void FailNext(int count) => _failures = count;

    public Task SendAsync(FrameEnvelope<PushExpired> envelope, CancellationToken cancellationToken)
    {
        if (Interlocked.Decrement(ref _failures) >= 0)
            return Task.FromException(new TimeoutException("not now"));
        Sent.Enqueue(envelope.Frame);
        return _released.Task.WaitAsync(cancellationToken);
    }
}
