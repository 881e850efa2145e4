using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Delivery;

/// <summary>One app at a provider: what is refused to it, and what it may send at one time, concerns no other app. Thread-safe.</summary>
/// <param name="name">Its name.</param>
/// <param name="provider">Its side of the provider.</param>
/// <param name="gate">Its gate.</param>
/// <param name="guard">Its guard against believing too many deaths.</param>
/// <param name="holding">Where its pushes wait while its gate is not wide open; null when it is alone on the push queue, which then keeps them itself.</param>
internal sealed class PushApp(string name, IPushProvider provider, ProviderGate gate, MassFailureGuard guard, IPublisher<EncryptedPush>? holding) : IAsyncDisposable
{
    public string Name => name;

    public IPushProvider Provider => provider;

    public ProviderGate Gate => gate;

    public MassFailureGuard Guard => guard;

    public bool HasHoldingQueue => holding is not null;

    /// <summary>Waits for leave to make an attempt.</summary>
    /// <param name="isOwnQueue">Whether the push came from the app's own queue: there nobody else waits behind it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when the push should not wait in hand.</returns>
    public ValueTask<GatePass?> EnterAsync(bool isOwnQueue, CancellationToken cancellationToken) =>
        holding is null || isOwnQueue ? gate.EnterAsync(cancellationToken)
        : gate.IsWideOpen ? gate.EnterAsync(waitsForQuota: false, cancellationToken) : default;

    /// <summary>Puts a push, as it is, into the app's own queue; completes when the broker has confirmed it.</summary>
    public Task HoldAsync(EncryptedPush push, CancellationToken cancellationToken) => holding!.PublishAsync(push, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (holding is not null)
            await holding.DisposeAsync();
        gate.Dispose();
        provider.Dispose();
    }
}

/// <summary>The apps of one provider. Thread-safe.</summary>
internal sealed class PushApps(string provider, IReadOnlyList<PushApp> apps, string? defaultApp) : IAsyncDisposable
{
    private readonly Dictionary<string, PushApp> _byName = apps.ToDictionary(app => app.Name, StringComparer.Ordinal);

    public string ProviderName => provider;

    public IReadOnlyList<PushApp> All => apps;

    /// <summary>The app of that name, or the default one for null; null when it is not served.</summary>
    public PushApp? Find(string? name) => (name ?? defaultApp) is { } known ? _byName.GetValueOrDefault(known) : null;

    public async ValueTask DisposeAsync()
    {
        foreach (var app in apps)
            await app.DisposeAsync();
    }
}
