using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Npgsql;
using NUnit.Framework;
using Sotto.Dev.Demo;
using Sotto.Dev.Running;
using Sotto.FakePhone;
using Sotto.Ledger;
using Sotto.LocalServers;
using Sotto.TestSupport;
using Phone = Sotto.FakePhone.FakePhone;

namespace EndToEnd.Tests;

/// <summary>The whole system with its simulators, and the phones of one test in it: every service a process, every wire the real one.</summary>
internal sealed class World : IAsyncDisposable
{
    private static readonly string[] ProviderSimulators = [SimulatorCatalogue.Apns, SimulatorCatalogue.Fcm, SimulatorCatalogue.Hms];

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly ConcurrentDictionary<string, (Phone Phone, string Service)> _phones = new(StringComparer.Ordinal);
    private readonly string _folder;

    private World(SottoSystem system, string folder)
    {
        System = system;
        Swarm = new SwarmControl(system.State);
        _folder = folder;
    }

    public SottoSystem System { get; }

    public SwarmControl Swarm { get; }

    public Uri Api => System.State.Api!;

    public HttpMessageInvoker Http => _http;

    /// <summary>The keys of the services.</summary>
    public string KeysFolder => Path.Combine(_folder, "keys");

    /// <summary>Starts everything, in a folder that goes away with it and that <paramref name="prepare"/> may fill before.</summary>
    public static async Task<World> StartAsync(Dictionary<string, int>? scale = null, Dictionary<string, string>? settings = null, Func<string, Task>? prepare = null)
    {
        var folder = Directory.CreateTempSubdirectory("sotto-e2e-").FullName;
        await (prepare?.Invoke(folder) ?? Task.CompletedTask);
        var plan = new SystemPlan
        {
            Folder = folder,
            Durability = Durability.Throwaway,
            RabbitMq = null,
            // The stories are told by four phones; the fifth has its own, in the demo.
            Scale = new Dictionary<string, int>(scale ?? [], StringComparer.Ordinal) { ["WebPushSender"] = scale?.GetValueOrDefault("WebPushSender") ?? 0 },
            Settings = settings ?? [],
            Guarded = true,
        };
        var system = await SottoSystem.StartAsync(plan, line => TestContext.Progress.WriteLine(line), CancellationToken.None);
        return new World(system, folder);
    }

    public async ValueTask DisposeAsync()
    {
        await System.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Subscribes a new phone and waits until both ends of the pipeline have heard of it: a service node, and the service that seals.</summary>
    public async Task<string> SubscribeAsync(string service, Phone? phone = null, int[]? namespaces = null, bool wantData = true, Route? via = null)
    {
        phone ??= Phone.Create();
        var sealedFor = await CountSealableAsync(phone);
        var answer = await phone.SubscribeAsync(_http, Api, service, namespaces ?? [0], wantData, via);
        Assert.That(answer.Success, Is.True, $"HTTP {answer.Status}, error {answer.Error}: {answer.Message}");
        var name = Adopt(service, phone);
        await MonitoredAsync(phone);
        await Eventually.BecomesTrueAsync(async () => await CountSealableAsync(phone) > sealedFor, what: "the Encryptor knew the phone's subscription");
        return name;
    }

    /// <summary>Gives a name to a phone that came here by another way than by subscribing.</summary>
    public string Adopt(string service, Phone phone)
    {
        var name = $"{service} phone {_phones.Count}";
        _phones[name] = (phone, service);
        return name;
    }

    public Phone PhoneOf(string name) => _phones[name].Phone;

    public Task MonitoredAsync(Phone phone) =>
        Eventually.BecomesTrueAsync(async () => await Swarm.MonitorsAsync(phone.Account.Hex, CancellationToken.None) > 0, what: "a service node was asked to monitor the phone's account");

    // An account may have several phones, and the first of them gets it monitored: only the Encryptor's table tells that a later one is known too.
    private async Task<long> CountSealableAsync(Phone phone)
    {
        await using var database = NpgsqlDataSource.Create(System.State.Database!.ConnectionString);
        await using var command = database.CreateCommand("SELECT count(*) FROM encryptor.subscriptions WHERE account = $1 AND NOT withdrawn");
        command.Parameters.Add(new NpgsqlParameter { Value = Convert.FromHexString(phone.Account.Hex) });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Stores a message for the phone's account; returns its hash.</summary>
    public Task<string> StoreAsync(string name, byte[] data, int @namespace = 0) =>
        Swarm.StoreAsync(_phones[name].Phone.Account.Hex, @namespace, data, CancellationToken.None);

    /// <summary>Everything that the providers accepted, opened by whichever phone can, and nobody where none can.</summary>
    public async Task<IReadOnlyList<Arrival>> ArrivalsAsync()
    {
        var arrivals = new List<Arrival>();
        foreach (var simulator in ProviderSimulators)
        {
            var inbox = new ProviderInbox(ControlClient.Of(System.State, simulator));
            arrivals.AddRange((await inbox.AcceptedAsync(CancellationToken.None)).Select(Open));
        }

        return arrivals;
    }

    /// <summary>The books of what was stored (as pairs of phone and hash) and what arrived.</summary>
    public async Task<Verdict> JudgeAsync(IEnumerable<PushKey> promised)
    {
        var books = new Books();
        foreach (var key in promised)
            books.Accept(key, DateTimeOffset.UnixEpoch);
        foreach (var arrival in await ArrivalsAsync())
            books.Take(arrival.Device, arrival.Notification?.Hash, arrival.At);
        return LedgerChecker.Check(books, TimeSpan.Zero);
    }

    public RunningProgram Service(string name, int instance = 1) => System.State.Services.First(program => program.Name == name && program.Instance == instance);

    // The token in the request names the device that the provider rings; the envelope tells whether that device can read it.
    private Arrival Open(JsonObject received)
    {
        var text = received.ToJsonString();
        var at = received["at"]?.GetValue<DateTimeOffset>() ?? default;
        var (name, (phone, _)) = _phones.FirstOrDefault(entry => text.Contains(entry.Value.Phone.TokenFor(entry.Value.Service), StringComparison.OrdinalIgnoreCase));
        if (name is null)
            return new Arrival("a stranger", null, at);
        var envelope = Envelope.FindIn(received["body"]?.GetValue<string>() ?? "");
        return new Arrival(name, envelope is not null && phone.TryOpen(envelope, out var notification) ? notification : null, at);
    }
}

/// <summary>A notification at a provider: for which phone, and what that phone reads in it.</summary>
internal sealed record Arrival(string Device, Notification? Notification, DateTimeOffset At);
