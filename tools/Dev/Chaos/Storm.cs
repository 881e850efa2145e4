using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Sotto.Dev.Running;
using Sotto.LocalServers.Processes;

namespace Sotto.Dev.Chaos;

/// <summary>The load of a run: messages at a steady rate, and devices that subscribe, renew, withdraw and die.</summary>
internal sealed class Storm(ChaosWorld world, Crowd crowd, ChaosOptions options) : IDisposable
{
    private const int AskersMax = 8;
    private const int KillTriesMax = 5;

    // One in so many messages is worth something for a few seconds only.
    private const int ShortLivedOneIn = 20;
    private const int ShortLifeSecondsMax = 12;
    private const int DataBytesMax = 400;

    // When nobody hears for too long, there is an end all the same.
    private const double TimesOverMax = 1.3;
    private static readonly TimeSpan AheadMax = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SilentPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AskPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RenewPause = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan AskPause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LivesPatience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan HearPatience = TimeSpan.FromSeconds(60);

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) });
    private readonly ConcurrentDictionary<string, StoredMessage> _stored = new(StringComparer.Ordinal);
    private int _asked;
    private int _inVain;
    private int _pushes;

    /// <summary>Messages that the simulated network was given, by hash.</summary>
    public IReadOnlyDictionary<string, StoredMessage> Stored => _stored;

    /// <summary>Pushes that these mean, if all are heard.</summary>
    public int Pushes => Volatile.Read(ref _pushes);

    /// <summary>Requests of devices that were still being refused when the run had to go on.</summary>
    public int AskedInVain => Volatile.Read(ref _inVain);

    /// <summary>Requests of devices that succeeded.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Subscribes everybody who is there from the beginning, and waits until service nodes have been asked about each account.</summary>
    public async Task GatherAsync(CancellationToken cancellation)
    {
        await Parallel.ForEachAsync(
            crowd.Devices.Where(device => device.Role != Role.Late), new ParallelOptions { MaxDegreeOfParallelism = AskersMax, CancellationToken = cancellation },
            async (device, stop) => await SubscribeAsync(device, stop));
        await HeardAsync(cancellation);
    }

    /// <summary>Waits until service nodes have been asked about every account that somebody is subscribed for.</summary>
    public async Task<bool> HeardAsync(CancellationToken cancellation)
    {
        foreach (var account in crowd.ByAccount.Where(account => account.Any(device => device.CountsOnIt)))
        {
            if (!await Polling.UntilAsync(async () => await MonitorsAsync(account.Key, cancellation) > 0, HearPatience, cancellation))
                return false;
        }

        return true;
    }

    /// <summary>
    /// Stores messages for one after another, evenly over the time, until as many pushes were accepted as were asked for. While nobody hears, it only drips: what is told then is never
    /// accepted.
    /// </summary>
    /// <param name="time">About how long; a third longer at most, and a minute and a half more while devices still ask.</param>
    /// <param name="accepted">How many pushes have been accepted by now.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task RainAsync(TimeSpan time, Func<long> accepted, CancellationToken cancellation)
    {
        var random = new Random(options.Seed);
        // Whoever asks in vain asks again and again, and the run must end.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(time * TimesOverMax + LivesPatience);
        var lives = LivesAsync(time, patience.Token);
        var begun = TimeProvider.System.GetTimestamp();
        using var room = new SemaphoreSlim(AskersMax);
        var silence = new Silence(accepted);
        while (accepted() < options.Pushes && TimeProvider.System.GetElapsedTime(begun) < time * TimesOverMax && !cancellation.IsCancellationRequested)
        {
            var ahead = time * ((double)accepted() / options.Pushes) - TimeProvider.System.GetElapsedTime(begun);
            if (ahead > TimeSpan.FromMilliseconds(5))
                await Task.Delay(ahead < AheadMax ? ahead : AheadMax, TimeProvider.System, cancellation);
            else if (!silence.MayTell(Pushes))
                await Task.Delay(SilentPause, TimeProvider.System, cancellation);
            var account = crowd.Accounts[random.Next(crowd.Accounts.Count)];
            var space = Crowd.NamespaceOf(random);
            var life = random.Next(ShortLivedOneIn) == 0 ? TimeSpan.FromSeconds(random.Next(1, ShortLifeSecondsMax)) : (TimeSpan?)null;
            var data = new byte[random.Next(DataBytesMax)];
            random.NextBytes(data);
            var pushes = crowd.For(account, space).Count(device => device is { CountsOnIt: true, Role: not Role.Late });
            if (pushes == 0)
                continue;
            await room.WaitAsync(cancellation);
            _ = StoreAndLeaveAsync(account, space, data, life, pushes, room, cancellation);
        }

        for (var i = 0; i < AskersMax; i++)
            await room.WaitAsync(cancellation);
        await Task.WhenAny(lives);
        if (!lives.IsCanceled)
            await lives;
    }

    /// <summary>Stores one message; null when the simulator was too busy.</summary>
    public async Task<StoredMessage?> StoreAsync(string account, int space, byte[] data, TimeSpan? life, CancellationToken cancellation)
    {
        var order = new JsonObject { ["account"] = account, ["namespace"] = space, ["data"] = Convert.ToBase64String(data) };
        if (life is { } lasts)
            order["ttlMilliseconds"] = (long)lasts.TotalMilliseconds;
        try
        {
            var answer = await world.Control(SimulatorCatalogue.Swarm).PostAsync("/store", order, cancellation);
            var at = DateTimeOffset.FromUnixTimeMilliseconds(answer["storedAtMilliseconds"]!.GetValue<long>());
            var message = new StoredMessage(answer["hash"]!.GetValue<string>(), account, space, at, life is null ? null : at + life, answer["copies"]!.GetValue<int>());
            _stored[message.Hash] = message;
            return message;
        }
        catch (DevException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task StoreAndLeaveAsync(string account, int space, byte[] data, TimeSpan? life, int pushes, SemaphoreSlim room, CancellationToken cancellation)
    {
        try
        {
            if (await StoreAsync(account, space, data, life, cancellation) is { Copies: > 0 })
                Interlocked.Add(ref _pushes, pushes);
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
        finally
        {
            room.Release();
        }
    }

    // Each device does what its role says at a moment of its own.
    private Task LivesAsync(TimeSpan time, CancellationToken cancellation)
    {
        var random = new Random(unchecked(options.Seed * 17));
        var until = TimeProvider.System.GetUtcNow() + time;
        return Task.WhenAll(crowd.Devices.Where(device => device.Role != Role.Steady).Select(device => LiveAsync(device, time * (0.1 + random.NextDouble() * 0.7), until, cancellation)).ToList());
    }

    private async Task LiveAsync(Device device, TimeSpan after, DateTimeOffset until, CancellationToken cancellation)
    {
        await Task.Delay(after, TimeProvider.System, cancellation);
        switch (device.Role)
        {
            case Role.Late:
                await SubscribeAsync(device, cancellation);
                break;
            case Role.Renewing:
                await RenewAsync(device, until, cancellation);
                break;
            case Role.Leaving:
                device.GoneFrom = TimeProvider.System.GetUtcNow();
                if (await UntilGrantedAsync(stop => device.UnsubscribeAsync(_http, world.State.Api!, stop), cancellation))
                    device.WithdrawnAt = TimeProvider.System.GetUtcNow();
                break;
            default:
                var dies = TimeProvider.System.GetUtcNow();
                if (await KillTokenAsync(device, dies, cancellation))
                    device.GoneFrom = dies;
                break;
        }
    }

    // Every second time with another key: what was sealed to the former one may still come, and is readable too.
    private async Task RenewAsync(Device device, DateTimeOffset until, CancellationToken cancellation)
    {
        for (var renewals = 1; TimeProvider.System.GetUtcNow() < until; renewals++)
        {
            if (renewals % 2 == 0)
                device.ChangeKey();
            await SubscribeAsync(device, cancellation);
            await Task.Delay(RenewPause, TimeProvider.System, cancellation);
        }
    }

    // False when it lives on. An order without an answer may have been heard; so it is repeated.
    private async Task<bool> KillTokenAsync(Device device, DateTimeOffset at, CancellationToken cancellation)
    {
        var order = new JsonObject { ["token"] = device.Token, ["state"] = "unregistered", ["atMs"] = at.ToUnixTimeMilliseconds() };
        for (var i = 0; i < KillTriesMax; i++)
        {
            try
            {
                await world.Control(Crowd.SimulatorOf(device.Service)).PostAsync("/tokens", order, cancellation);
                return true;
            }
            catch (DevException)
            {
                await Task.Delay(AskPause, TimeProvider.System, cancellation);
            }
        }

        return false;
    }

    private async Task SubscribeAsync(Device device, CancellationToken cancellation)
    {
        device.SubscribingFrom ??= TimeProvider.System.GetUtcNow();
        if (await UntilGrantedAsync(stop => device.SubscribeAsync(_http, world.State.Api!, stop), cancellation))
            device.SubscribedAt ??= TimeProvider.System.GetUtcNow();
    }

    private async Task<bool> UntilGrantedAsync(Func<CancellationToken, Task<FakePhone.ApiAnswer>> ask, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(AskPatience);
            try
            {
                if ((await ask(patience.Token)).Success)
                {
                    Interlocked.Increment(ref _asked);
                    return true;
                }
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
            {
                // No answer is no promise.
            }

            await Task.Delay(AskPause, TimeProvider.System, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Interlocked.Increment(ref _inVain);
        return false;
    }

    private async Task<int> MonitorsAsync(string account, CancellationToken cancellation)
    {
        try
        {
            return await world.Swarm.MonitorsAsync(account, cancellation);
        }
        catch (DevException)
        {
            return 0;
        }
    }
}

/// <summary>Notices that nothing is accepted of what is told.</summary>
internal sealed class Silence(Func<long> accepted)
{
    // About what waits in listeners and on its way when all is well.
    private const int OutstandingMax = 2_000;

    private long _accepted;
    private long _told;

    /// <summary>Whether more may be told at full speed; one by one it may always be.</summary>
    /// <param name="told">Pushes told by now.</param>
    public bool MayTell(long told)
    {
        var now = accepted();
        if (now > _accepted)
        {
            // Somebody hears: what was told into the void before does not count.
            _told = Math.Max(_told, told - OutstandingMax / 2);
            _accepted = now;
        }

        return told - _told < OutstandingMax;
    }
}

/// <summary>A message in the simulated network.</summary>
/// <param name="Hash">What the network calls it.</param>
/// <param name="Account">Whose, in hex.</param>
/// <param name="Namespace">Where.</param>
/// <param name="At">When it was stored.</param>
/// <param name="ExpiresAt">When it is worth nothing any more; null when that is beyond the run.</param>
/// <param name="Copies">How many notifications of it were sent.</param>
internal sealed record StoredMessage(string Hash, string Account, int Namespace, DateTimeOffset At, DateTimeOffset? ExpiresAt, int Copies);
