using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Phone = Sotto.FakePhone.FakePhone;

namespace Sotto.Cli.Load;

/// <summary>
/// Stores messages in the simulated network and looks for each of them at the simulated provider: opened with the key of the phone that it was for, and recognised by its hash.
/// Latencies are from when a message was due to be stored until the provider had read it, so the clocks of both must agree.
/// </summary>
internal sealed class MessageRun(LoadPlan plan, LoadRun phones, HttpMessageInvoker http, LiveLine line, TimeProvider clock)
{
    /// <summary>Most phones that are written to; each is first seen to be monitored.</summary>
    public const int PhonesMax = 2_000;

    private const int LookingMax = 16;

    private static readonly TimeSpan MonitorPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ControlPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly SimulatorDoors _doors = plan.Simulators!;
    private readonly List<Phone> _phones = [];
    private readonly Random _random = new(plan.Seed);

    /// <summary>For so long after the last message was stored nothing may arrive until the rest is taken for lost.</summary>
    public TimeSpan ArrivalPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many phones were left out because no node was asked for their messages in time.</summary>
    public int NotMonitored { get; private set; }

    /// <summary>Waits until the phones that will be written to are monitored at every node of their swarm.</summary>
    /// <exception cref="OperatorException">None is.</exception>
    public async Task WaitUntilMonitoredAsync(CancellationToken stop)
    {
        var waiting = Enumerable.Range(0, Math.Min(plan.Subscriptions, PhonesMax)).Select(number => phones.PhoneOf(number)).ToList();
        var all = waiting.Count;
        var begun = clock.GetTimestamp();
        var work = LookAsync();
        await line.WatchAsync(work, () => $"monitored: {Volatile.Read(ref all) - waiting.Count} of {all}");
        NotMonitored = waiting.Count;
        if (_phones.Count == 0)
            throw new OperatorException($"None of {all} phones is monitored after {MonitorPatience.TotalSeconds:0} s: does the listener use this simulated network?");

        async Task LookAsync()
        {
            while (waiting.Count > 0 && clock.GetElapsedTime(begun) < MonitorPatience)
            {
                var monitored = new bool[waiting.Count];
                await Parallel.ForAsync(0, monitored.Length, new ParallelOptions { MaxDegreeOfParallelism = LookingMax, CancellationToken = stop }, async (number, cancellation) =>
                    monitored[number] = await IsMonitoredAsync(waiting[number].Account.Hex, cancellation));
                _phones.AddRange(waiting.Where((_, number) => monitored[number]));
                waiting = [.. waiting.Where((_, number) => !monitored[number])];
                if (waiting.Count > 0)
                    await Task.Delay(Pause, clock, stop);
            }
        }
    }

    /// <summary>Stores messages for <see cref="LoadPlan.Seconds"/> and watches them arrive.</summary>
    public async Task<PhaseReport> RunAsync(CancellationToken stop)
    {
        var report = new PhaseReport("messages", clock, LoadOutcome.Arrived);
        var count = (long)Math.Ceiling(plan.MessageRate * plan.Seconds);
        var arrivals = new Arrivals(report, _phones.ToDictionary(phone => phone.TokenFor(plan.Provider), StringComparer.Ordinal));
        using var watching = new CancellationTokenSource();
        var watch = WatchAsync(arrivals, await NewestAsync(stop), watching.Token);
        var loop = new OpenLoop(plan.MessageRate, clock);
        // What was seen at the provider is placed on the clock that the provider writes down, what was due on this process's own.
        var (origin, originAt) = (clock.GetTimestamp(), clock.GetUtcNow());
        await line.WatchAsync(
            loop.RunAsync(count, (number, due) => StoreAsync(report, arrivals, number, due, originAt + clock.GetElapsedTime(origin, due)), stop),
            () => $"messages: {loop.State.Done} of {count} stored, {report.Latencies.Count} arrived; {report.Percentiles()}");
        await WaitForRestAsync(arrivals);
        report.Over();
        await watching.CancelAsync();
        await watch;
        if (arrivals.Outstanding > 0)
            report.Count(LoadOutcome.Lost, arrivals.Outstanding);
        return report;
    }

    private async Task WaitForRestAsync(Arrivals arrivals)
    {
        var (outstanding, since) = (arrivals.Outstanding, clock.GetTimestamp());
        while (outstanding > 0 && clock.GetElapsedTime(since) < ArrivalPatience)
        {
            await Task.Delay(Pause, clock, CancellationToken.None);
            if (arrivals.Outstanding is var now && now < outstanding)
                (outstanding, since) = (now, clock.GetTimestamp());
        }
    }

    private async Task StoreAsync(PhaseReport report, Arrivals arrivals, long number, long due, DateTimeOffset dueAt)
    {
        var phone = _phones[(int)(number % _phones.Count)];
        var data = new byte[plan.MessageBytes];
        lock (_random)
            _random.NextBytes(data);
        report.Lateness.Add(clock.GetElapsedTime(due));
        try
        {
            var order = new JsonObject { ["account"] = phone.Account.Hex, ["namespace"] = 0, ["data"] = Convert.ToBase64String(data) };
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_doors.Swarm, "/store")) { Content = JsonContent.Create(order) };
            arrivals.Stored((await SendAsync(request, CancellationToken.None))["hash"]!.GetValue<string>(), dueAt);
        }
        catch (Exception e) when (e is OperatorException or HttpRequestException or OperationCanceledException)
        {
            report.Count(LoadOutcome.NotStored);
        }
    }

    private async Task WatchAsync(Arrivals arrivals, long since, CancellationToken over)
    {
        while (true)
        {
            var answer = await GetAsync(_doors.Provider, $"/received?since={since}&limit=10000", CancellationToken.None);
            arrivals.Look(answer["items"]!.AsArray());
            since = answer["next"]!.GetValue<long>();
            if (over.IsCancellationRequested)
                return;
            await Task.Delay(Pause, clock, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<long> NewestAsync(CancellationToken stop) => (await GetAsync(_doors.Provider, "/ledger", stop))["requests"]!.GetValue<long>();

    private async Task<bool> IsMonitoredAsync(string account, CancellationToken stop)
    {
        var answer = await GetAsync(_doors.Swarm, $"/monitored?account={account}", stop);
        return answer["monitors"]!.AsArray().Sum(monitor => monitor!["nodes"]!.GetValue<int>()) >= answer["nodesUp"]!.GetValue<int>();
    }

    private async Task<JsonObject> GetAsync(Uri control, string path, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(control, path));
        return await SendAsync(request, stop);
    }

    private async Task<JsonObject> SendAsync(HttpRequestMessage request, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(ControlPatience);
        using var response = await http.SendAsync(request, patience.Token);
        var body = await response.Content.ReadAsStringAsync(patience.Token);
        return response.IsSuccessStatusCode && JsonNode.Parse(body) is JsonObject answer
            ? answer
            : throw new OperatorException($"{request.RequestUri!.GetLeftPart(UriPartial.Authority)} is not the control endpoint of a simulator: HTTP {(int)response.StatusCode}.");
    }
}
