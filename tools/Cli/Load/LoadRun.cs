using System.Text.Json;
using System.Text.Json.Nodes;
using Sotto.FakePhone;
using Phone = Sotto.FakePhone.FakePhone;
using PhoneApi = Sotto.FakePhone.SubscriptionApi;

namespace Sotto.Cli.Load;

/// <summary>One load, phase by phase. Phones are made when they are needed: a million kept would be half a gigabyte.</summary>
internal sealed class LoadRun(LoadPlan plan, HttpMessageInvoker http, LiveLine line, TimeProvider clock)
{
    // Messages between two people.
    private const int Namespace = 0;

    // Any odd number above the most phones: no two phones of two seeds that lie near each other are the same.
    private const int SeedStride = 1_000_003;

    /// <summary>How long an answer is waited for; service nodes give up after 25 s (session-onion section 1).</summary>
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(30);

    private long _askedFor;

    // Only then is it a loss when a later phase finds one that is not.
    private bool _allSubscribed;

    /// <summary>One phone of the load; with the same seed always the same.</summary>
    public Phone PhoneOf(long number) => Phone.Create(unchecked(plan.Seed * SeedStride + (int)number)).At(clock);

    /// <summary>Each phone asks to be woken, once; asked again it renews.</summary>
    public async Task<PhaseReport> SubscribeAsync(CancellationToken stop)
    {
        var report = await RunAsync("subscribed", PhoneApi.SubscribePath, plan.Subscriptions, [LoadOutcome.Added, LoadOutcome.Renewed], stop);
        _allSubscribed = report.Failed == 0;
        return report;
    }

    /// <summary>The phones, in turn, renew for <see cref="LoadPlan.Seconds"/>.</summary>
    public Task<PhaseReport> RenewAsync(CancellationToken stop) =>
        RunAsync("renewed", PhoneApi.SubscribePath, (long)Math.Ceiling(plan.Seconds * plan.Rate), _allSubscribed ? [LoadOutcome.Renewed] : [LoadOutcome.Renewed, LoadOutcome.Added], stop);

    /// <summary>Each phone that asked to be woken, or that an earlier load of this plan may have left, asks to be forgotten.</summary>
    public Task<PhaseReport> UnsubscribeAsync(CancellationToken stop) => plan.CleanUpOnly
        ? RunAsync("unsubscribed", PhoneApi.UnsubscribePath, plan.Subscriptions, [LoadOutcome.Removed, LoadOutcome.NotSubscribed], stop)
        : RunAsync("unsubscribed", PhoneApi.UnsubscribePath, Math.Min(Volatile.Read(ref _askedFor), plan.Subscriptions), _allSubscribed ? [LoadOutcome.Removed] : [LoadOutcome.Removed, LoadOutcome.NotSubscribed], stop);

    private async Task<PhaseReport> RunAsync(string name, string path, long items, string[] wanted, CancellationToken stop)
    {
        var report = new PhaseReport(name, clock, wanted);
        var loop = new OpenLoop(plan.Rate / plan.Array, clock);
        var requests = (items + plan.Array - 1) / plan.Array;
        var work = loop.RunAsync(requests, (number, due) => RequestAsync(report, path, number * plan.Array, items, due), stop);
        await line.WatchAsync(work, () => $"{name}: {report.Total} of {items}, {loop.State.Begun - loop.State.Done} under way, {report.Failed} failed; {report.Percentiles()}");
        if (path == PhoneApi.SubscribePath)
            _askedFor = Math.Max(_askedFor, Math.Min(items, loop.State.Begun * plan.Array));
        return report.Over();
    }

    private async Task RequestAsync(PhaseReport report, string path, long first, long items, long due)
    {
        var count = Math.Min(plan.Array, items - first);
        var body = Body(path, first, count);
        report.Lateness.Add(clock.GetElapsedTime(due));
        using var patience = new CancellationTokenSource(AnswerPatience, clock);
        try
        {
            var answer = await PhoneApi.PostAsync(http, plan.Api, path, body, plan.Route, patience.Token);
            report.Latencies.Add(clock.GetElapsedTime(due));
            CountAnswers(report, answer, count);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or System.Security.Cryptography.CryptographicException)
        {
            report.Count(LoadOutcome.NoAnswer, count);
        }
    }

    private JsonNode Body(string path, long first, long count)
    {
        if (plan.Array == 1)
            return Item(path, first);
        var array = new JsonArray();
        for (var number = first; number < first + count; number++)
            array.Add((JsonNode)Item(path, number));
        return array;
    }

    private JsonObject Item(string path, long number)
    {
        var phone = PhoneOf(number % plan.Subscriptions);
        return path == PhoneApi.SubscribePath
            ? phone.SubscribeRequest(plan.Provider, [Namespace], wantData: true)
            : phone.UnsubscribeRequest(plan.Provider);
    }

    private static void CountAnswers(PhaseReport report, ApiAnswer answer, long count)
    {
        if (answer.Status == 200 && answer.Json.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in answer.Json.EnumerateArray())
                report.Count(Outcome(new ApiAnswer(200, item)));
        }
        else
        {
            report.Count(Outcome(answer), count);
        }
    }

    // A refusal's sentence may be long and different each time; its number is enough.
    private static string Outcome(ApiAnswer answer) => answer switch
    {
        { Status: not 200 } => $"HTTP {answer.Status}",
        { Success: true, Added: true } => LoadOutcome.Added,
        { Success: true, Updated: true } => LoadOutcome.Renewed,
        { Success: true, Removed: true } => LoadOutcome.Removed,
        { Success: true } => LoadOutcome.NotSubscribed,
        { Error: { } code } => $"error {code}",
        _ => "no JSON",
    };
}
