using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sotto.Dev.Running;

namespace Sotto.Bench.Pipeline;

/// <summary>Has the simulated storage network store messages, and knows when each was due.</summary>
internal sealed class SwarmLoad : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _journal;
    private long _copiesForTheGone;

    public SwarmLoad(RunState state, string folder)
    {
        var ready = state.Simulators.First(program => program.Name == SimulatorCatalogue.Swarm).Ready!;
#pragma warning disable RS0030 // One client for a few orders to a simulator; its default limits do.
        _http = new HttpClient { BaseAddress = new Uri(SimulatorCatalogue.Text(ready, "control")), Timeout = Timeout.InfiniteTimeSpan };
#pragma warning restore RS0030
        _journal = Path.Combine(folder, "swarm.journal");
    }

    /// <summary>Stores messages, for the accounts in turn; returns when all are stored.</summary>
    /// <param name="accounts">In hex.</param>
    /// <param name="count">How many.</param>
    /// <param name="perSecond">At which steady rate.</param>
    /// <param name="bytes">How many bytes each.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Each message: when it was due by the rate, whether or not the network could keep up.</returns>
    public async Task<List<Due>> StoreAsync(IReadOnlyList<string> accounts, int count, double perSecond, int bytes, CancellationToken cancellation)
    {
        var order = new JsonObject
        {
            ["count"] = count,
            ["rate"] = perSecond,
            ["accounts"] = new JsonArray([.. accounts.Select(account => (JsonNode)account)]),
            ["size"] = bytes,
            ["journal"] = _journal,
        };
        using var answer = await _http.PostAsJsonAsync("/flood", order, cancellation);
        if (!answer.IsSuccessStatusCode)
            throw new BenchException($"The simulated network refused a flood: {await answer.Content.ReadAsStringAsync(cancellation)}");

        var copies = (await answer.Content.ReadFromJsonAsync<JsonObject>(cancellation))!["copies"]!.GetValue<long>();
        var expected = (long)count * LoadedSystem.SwarmMembers;
        if (copies < expected)
            throw new BenchException($"{count:N0} messages were told of in {copies:N0} copies; each should have {LoadedSystem.SwarmMembers}.");
        _copiesForTheGone += copies - expected;

        var due = new List<Due>(count);
        await foreach (var line in File.ReadLinesAsync(_journal, cancellation))
        {
            var parts = line.Split(' ');
            due.Add(new Due(long.Parse(parts[0], CultureInfo.InvariantCulture), parts[1], parts[2]));
        }

        return due;
    }

    /// <summary>Pairs of account and node of which the node tells us.</summary>
    public async Task<long> SubscriptionsAsync(CancellationToken cancellation) =>
        (await _http.GetFromJsonAsync<JsonObject>("/state", cancellation))!["subscriptions"]!.GetValue<long>();

    /// <summary>Copies so far that the network could not send, because a connection's queue was full; without those for a listener that has gone, of which a node tells for an hour.</summary>
    public async Task<long> UndeliverableAsync(CancellationToken cancellation) =>
        (await _http.GetFromJsonAsync<JsonObject>("/stats", cancellation))!["notificationsUndeliverable"]!.GetValue<long>() - _copiesForTheGone;

    public void Dispose() => _http.Dispose();
}

/// <summary>A message that was stored.</summary>
internal sealed record Due(long AtMicroseconds, string AccountHex, string Hash);
