using System.Text;
using System.Text.Json.Nodes;
using Sotto.Dev.Running;
using Sotto.FakePhone;
using Sotto.LocalServers.Processes;

namespace Sotto.Dev.Demo;

/// <summary>The demo's story: a phone of every provider subscribes, each gets messages, and each message must come out at the phone's own provider, once, and open with its key alone.</summary>
internal sealed class DemoRun(SottoSystem system, Progress progress) : IAsyncDisposable
{
    private static readonly TimeSpan MonitorPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ArrivalPatience = TimeSpan.FromSeconds(30);

    // A second copy would follow its first within milliseconds.
    private static readonly TimeSpan DuplicateWatch = TimeSpan.FromMilliseconds(500);
    private const int Rounds = 2;
    private static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(30);

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = RequestPatience });
    private readonly SwarmControl _swarm = new(system.State);
    private readonly DemoPhone[] _phones =
    [
        new("apns", SimulatorCatalogue.Apns, new Route.Plain()),
        new("firebase", SimulatorCatalogue.Fcm, new Route.Plain()),
        new("huawei", SimulatorCatalogue.Hms, new Route.Plain()),
        new("webpush", SimulatorCatalogue.WebPush, new Route.Plain()),
        .. SenderManifest.All.Where(sender => sender is { Phone: not null, Simulator: not null, OnRequest: false })
            .Select(sender => new DemoPhone(sender.Providers[0], sender.Simulator!, new Route.Plain(), sender.Phone)),
        new("apns-sandbox", SimulatorCatalogue.Apns, new Route.Onion(Convert.FromHexString(system.State.OnionPublicKey!))),
    ];

    /// <summary>Plays it. True when every phone got exactly its own messages.</summary>
    public async Task<bool> PlayAsync(CancellationToken cancellation)
    {
        await SubscribeAsync(cancellation);
        await using var tap = await BusTap.OpenAsync(system.State.Broker!.Amqp, _phones.Select(phone => phone.Service), cancellation);

        // The first message of each finds everything cold: no code compiled, no connection to a provider made.
        for (var round = 1; round <= Rounds; round++)
            await RingAsync(round, cancellation);

        await Task.Delay(DuplicateWatch, TimeProvider.System, cancellation);
        return Judge(await AcceptedAsync(cancellation), tap);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task SubscribeAsync(CancellationToken cancellation)
    {
        foreach (var phone in _phones)
            await phone.SubscribeAsync(_http, system.State, cancellation);

        progress.Say($"{_phones.Length} phones are subscribed: {string.Join(", ", _phones.Select(phone => phone.Service))} (the last by onion request).");
        var monitored = await Polling.UntilAsync(
            async () => (await Task.WhenAll(_phones.Select(phone => _swarm.IsMonitoredAsync(phone.Account, cancellation)))).All(yes => yes), MonitorPatience, cancellation);
        progress.Say(monitored ? "The listener monitors each of them at every node of its swarm." : $"After {MonitorPatience.TotalSeconds:0} s the listener does not monitor all of them at every node; going on.");
    }

    private async Task RingAsync(int round, CancellationToken cancellation)
    {
        foreach (var phone in _phones)
            await phone.StoreMessageAsync(_swarm, cancellation);

        progress.Say($"{_phones.Length} messages are stored in the simulated network ({(round == 1 ? "the first of each phone" : "one more each")}).");
        var wanted = round * _phones.Length;
        if (!await Polling.UntilAsync(async () => (await AcceptedAsync(cancellation)).Count >= wanted, ArrivalPatience, cancellation))
            progress.Say($"Not every message has come out after {ArrivalPatience.TotalSeconds:0} s.");
    }

    private async Task<IReadOnlyList<(string Simulator, JsonObject Received)>> AcceptedAsync(CancellationToken cancellation)
    {
        var all = new List<(string, JsonObject)>();
        foreach (var simulator in _phones.Select(phone => phone.Simulator).Distinct(StringComparer.Ordinal))
        {
            var inbox = new ProviderInbox(ControlClient.Of(system.State, simulator));
            all.AddRange((await inbox.AcceptedAsync(cancellation)).Select(received => (simulator, received)));
        }

        return all;
    }

    private bool Judge(IReadOnlyList<(string Simulator, JsonObject Received)> accepted, BusTap tap)
    {
        var good = true;
        foreach (var phone in _phones)
        {
            var opened = accepted.Select(item => (item.Simulator, item.Received, Notification: phone.Open(item.Received))).Where(item => item.Notification is not null).ToList();
            Console.WriteLine($"\n  {phone.Service}");
            foreach (var message in phone.Messages)
            {
                var own = opened.FindAll(item => item.Simulator == phone.Simulator && phone.IsOf(item.Notification!, message));
                good &= own.Count == 1;
                Console.WriteLine(own.Count == 1
                    ? $"    \"{Encoding.UTF8.GetString(own[0].Notification!.Data!)}\"   {Timeline.Of(phone, message, own[0].Received, tap)}"
                    : $"    WRONG: \"{message.Text}\" came {own.Count} times");
            }

            if (opened.Count != phone.Messages.Count)
            {
                good = false;
                Console.WriteLine($"    WRONG: {opened.Count} notifications open with this phone's key, for {phone.Messages.Count} messages.");
            }
        }

        if (accepted.Count != _phones.Sum(phone => phone.Messages.Count))
        {
            good = false;
            Console.WriteLine($"\n  WRONG: the providers accepted {accepted.Count} notifications.");
        }

        Console.WriteLine();
        progress.Say(good ? "Every phone got exactly its own messages, each once." : "The demo FAILED; ./dev demo --keep leaves everything running to look at.");
        return good;
    }
}
