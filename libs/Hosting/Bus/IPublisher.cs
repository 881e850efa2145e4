namespace Sotto.Hosting.Bus;

/// <summary>Where messages of one kind go. Thread-safe.</summary>
/// <typeparam name="T">What is published.</typeparam>
public interface IPublisher<in T> : IAsyncDisposable
    where T : class
{
    /// <summary>Completes when the broker has confirmed <paramref name="item"/>.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled or the publisher disposed; the item may or may not have been sent.</exception>
    public Task PublishAsync(T item, CancellationToken cancellationToken);
}
