using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Sotto.Dev.Running;
using Sotto.FakePhone;

namespace Sotto.Dev.Chaos;

/// <summary>Reads the simulated providers' ledgers as they grow: who was rung, and what that device can read in it.</summary>
internal sealed class ProviderWitness(ChaosWorld world, Crowd crowd) : IAsyncDisposable
{
    /// <summary>The simulators that play providers.</summary>
    public static IReadOnlyList<string> Simulators { get; } = [SimulatorCatalogue.Apns, SimulatorCatalogue.Fcm, SimulatorCatalogue.Hms, SimulatorCatalogue.WebPush];

    private const int Page = 1_000;
    private const int BadRequest = 400;

    // The kind of an order to answer just so.
    private const string Answer = "answer";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<Ring> _rings = [];
    private readonly ConcurrentDictionary<(string Device, string Message), bool> _reached = [];
    private readonly ConcurrentDictionary<string, int> _refused = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Device> _byToken = crowd.Devices.ToDictionary(device => device.Token, StringComparer.OrdinalIgnoreCase);
    private Task _loop = Task.CompletedTask;

    /// <summary>Everything that a provider took, in its order.</summary>
    public IReadOnlyCollection<Ring> Rings => _rings;

    /// <summary>How often a provider said of a device's push that it is bad, because it was told to say so; by the device's name.</summary>
    public IReadOnlyDictionary<string, int> Refused => _refused;

    /// <summary>How many pushes reached their devices, each counted once.</summary>
    public int Distinct => _reached.Count;

    /// <summary>True when a provider has taken this message for this device.</summary>
    public bool HasReached(Device device, string message) => _reached.ContainsKey((device.Name, message));

    public void Start() => _loop = Task.WhenAll(Simulators.Select(WatchAsync));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task WatchAsync(string simulator)
    {
        var control = world.Control(simulator);
        long since = 0;
        while (!_stopping.IsCancellationRequested)
        {
            var count = 0;
            try
            {
                var answer = await control.GetAsync($"/received?since={since}&limit={Page}", _stopping.Token);
                var items = answer["items"]!.AsArray();
                if (items.Count > 0 && items[0]!["seq"]!.GetValue<long>() != since + 1)
                    throw new DevException($"{simulator} has forgotten requests that nobody had read: the run cannot be judged.");
                foreach (var item in items)
                    Read(simulator, item!.AsObject());
                (count, since) = (items.Count, answer["next"]!.GetValue<long>());
            }
            catch (DevException e) when (e.Message.Contains("answered", StringComparison.Ordinal))
            {
                // Too busy to answer in time; it keeps everything.
            }
            catch (OperationCanceledException)
            {
                return;
            }

            if (count < Page)
                await Task.Delay(Pause, TimeProvider.System, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Read(string simulator, JsonObject received)
    {
        var devices = received["tokens"]!.AsArray().Select(token => _byToken.GetValueOrDefault(token!.GetValue<string>()));
        var status = received["status"]!.GetValue<int>();
        if (status == BadRequest && received["fault"]?.GetValue<string>() == Answer)
        {
            foreach (var device in devices.OfType<Device>())
                _refused.AddOrUpdate(device.Name, 1, (_, count) => count + 1);
        }

        if (!received["accepted"]!.GetValue<bool>())
            return;
        var at = received["at"]!.GetValue<DateTimeOffset>();
        var lost = status == 0;
        // A push service cannot read what it carries; its simulator tells what the device read.
        var envelope = Envelope.FindIn((received["opened"] ?? received["body"])!.GetValue<string>());
        foreach (var device in devices)
        {
            var message = envelope is null ? null : device?.Open(envelope)?.Hash;
            _rings.Enqueue(new Ring(device, message, at, simulator, lost));
            if (device is not null && message is not null)
                _reached.TryAdd((device.Name, message), true);
        }
    }
}

/// <summary>A provider took a push.</summary>
/// <param name="Device">For whom; null for nobody that the run knows.</param>
/// <param name="Message">What that device reads in it; null for nothing.</param>
/// <param name="At">When.</param>
/// <param name="Simulator">Which provider.</param>
/// <param name="AnswerLost">True when the sender never learned of it.</param>
internal sealed record Ring(Device? Device, string? Message, DateTimeOffset At, string Simulator, bool AnswerLost);
