using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Sotto.Bench.Running;
using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Dev.Demo;
using Sotto.Dev.Running;
using Sotto.Hosting.Bus;
using Sotto.Sodium;
using Phone = Sotto.FakePhone.FakePhone;

namespace Sotto.Bench.Senders;

/// <summary>Puts encrypted pushes into one provider's queue, as the Encryptor would: in frames, confirmed, each for one of many devices whose tokens are sealed to the sender.</summary>
internal sealed class PushFeeder : IAsyncDisposable
{
    /// <summary>As many as the sender keeps opened, with room to spare (<c>Delivery:TokenCacheMax</c>).</summary>
    public const int Devices = 10_000;

    // A message of 100 bytes or so, padded.
    private const int PayloadBytes = 296;

    // Apart from the seeds of other benches.
    private const int SeedBase = 500_000_000;

    private readonly string _provider;
    private readonly Broker _broker;
    private readonly FramePublisher<EncryptedPush> _publisher;
    private readonly (byte[] Id, byte[] SealedToken)[] _devices;
    private readonly byte[] _payloads = new byte[64 * 1024];
    private int _next;

    private PushFeeder(string provider, Broker broker, (byte[] Id, byte[] SealedToken)[] devices)
    {
        (_provider, _broker, _devices) = (provider, broker, devices);
        RandomNumberGenerator.Fill(_payloads);
        _publisher = new FramePublisher<EncryptedPush>(
            broker, Provider.PushQueue(provider), mandatory: true, push => PayloadBytes + push.SealedDeviceToken.Length, TimeProvider.System, NullLogger.Instance,
            (channel, cancellation) => BusTopology.DeclarePushQueueAsync(channel, provider, cancellation));
    }

    /// <summary>How many have been put into the queue.</summary>
    public long Published { get; private set; }

    public static async Task<PushFeeder> CreateAsync(BenchSystem system, string provider, CancellationToken cancellation)
    {
        using var tokens = new DeviceTokens(SealingKeyPair.FromPrivateKey(KeyFile.ReadKey(system.Keys.Private(provider))), cacheMax: 0);
        var devices = new (byte[], byte[])[Devices];
        await Parallel.ForAsync(0, Devices, cancellation, async (number, stop) =>
        {
            var (serviceId, token) = provider == Provider.WebPush ? await SubscribeAsync(system, stop) : Same(Phone.Create(SeedBase + number).TokenFor(provider));
            devices[number] = (tokens.DeviceId(serviceId), tokens.Seal(token));
        });
        return new PushFeeder(provider, new Broker(system.State.Broker!.Amqp, "bench"), devices);

        static (string ServiceId, string Token) Same(string token) => (token, token);
    }

    /// <summary>Puts so many more into the queue; they are there when this completes.</summary>
    public async Task PublishAsync(int count, CancellationToken cancellation)
    {
        var now = TimeProvider.System.GetUtcNow();
        await _publisher.PublishAsync(Enumerable.Range(0, count).Select(_ => Make(now)), cancellation);
        Published += count;
    }

    public async ValueTask DisposeAsync()
    {
        await _publisher.DisposeAsync();
        await _broker.DisposeAsync();
    }

    // The push service gives out what a device is reached by.
    private static async Task<(string ServiceId, string Token)> SubscribeAsync(BenchSystem system, CancellationToken cancellation)
    {
        var subscription = await ControlClient.Of(system.State, SimulatorCatalogue.WebPush).PostAsync("/subscriptions", [], cancellation);
        var (endpoint, keys) = (subscription["endpoint"]!.GetValue<string>(), subscription["keys"]!);
        return (endpoint, JsonSerializer.Serialize(new { endpoint, p256dh = keys["p256dh"]!.GetValue<string>(), auth = keys["auth"]!.GetValue<string>() }));
    }

    // No two payloads are equal, or the provider would take them for one.
    private EncryptedPush Make(DateTimeOffset now)
    {
        var (id, sealedToken) = _devices[_next++ % Devices];
        return new EncryptedPush
        {
            PushId = Guid.NewGuid(),
            Provider = _provider,
            DeviceId = id,
            SealedDeviceToken = sealedToken,
            Payload = [.. BitConverter.GetBytes(_next), .. _payloads.AsSpan(_next % (_payloads.Length - PayloadBytes), PayloadBytes - sizeof(int))],
            ExpiresAt = now.AddHours(1),
            HeardAt = now,
        };
    }
}
