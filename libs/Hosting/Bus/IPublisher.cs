namespace Sotto.Hosting.Bus;

/// <summary>Where messages of one kind go. Thread-safe.</summary>
/// <typeparam name="T">What is published.</typeparam>
public interface IPublisher<in T> : IAsyncDisposable
    where T : class
{
    /// <summary>Completes when the broker has confirmed <paramref name="item"/>.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled or the publisher disposed; the item may or may not have been sent.</exception>
    public Task PublishAsync(T item, CancellationToken cancellationToken);

    /// <summary>Completes when the broker has confirmed all of them; they travel together where that is cheaper.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled or the publisher disposed; each item may or may not have been sent.</exception>
    public Task PublishAsync(IEnumerable<T> items, CancellationToken cancellationToken) => Task.WhenAll(items.Select(item => PublishAsync(item, cancellationToken)));
}
