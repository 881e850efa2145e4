using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Sotto.FakeProvider;
using Sotto.Hosting.Bus;
using Sotto.LocalServers.Processes;

namespace Senders.Tests.Answers;

/// <summary>
/// A vendor's table of answers, end to end: its simulator gives each row's own words to a running sender, and the broker shows what came of the push, and of the next one of the same app.
/// </summary>
/// <remarks>One sender serves all rows at the same time; a row that concerns a whole app has an app of its own.</remarks>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.Self)]
public abstract partial class AnswerTable
{
    // One for each pace of the vendors, so that the queue in which a push is found tells which one it was.
    private static readonly int[] Rungs = [1, 5, 10, 60, 120, 300, 900, 1800, 3600];

    // What waits for less comes back while the test looks on.
    private const int LongWaitSeconds = 10;

    private readonly Dictionary<string, Task<List<string>>> _stories = new(StringComparer.Ordinal);
    private SenderUnderTest _sender = null!;
    private WaitingPushes _waiting = null!;

    /// <summary>The provider's name on the bus.</summary>
    protected abstract string ProviderName { get; }

    /// <summary>The section of <c>docs/protocols/providers.md</c> that has the table.</summary>
    protected abstract string PageSection { get; }

    /// <summary>The rows.</summary>
    protected abstract IReadOnlyList<AnswerRow> Table { get; }

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _sender = await SenderUnderTest.PrepareAsync(Build);
        _sender.Settings["Delivery:ParkingSeconds"] = string.Join(',', Rungs);
        _sender.Settings["Delivery:CredentialPauseSeconds"] = "300";
        // The rows that fail fail side by side, and say nothing of each other.
        _sender.Settings["Delivery:OutageAttempts"] = "10000";
        await PrepareAsync(_sender);
        for (var i = 0; i < Table.Count; i++)
        {
            if (AppOf(i) is { } app)
                Serve(app, Table[i]);
        }

        await _sender.RunAsync();
        _waiting = await WaitingPushes.TakeAsync(_sender.Broker, await DeclareWaitingQueuesAsync());
        for (var i = 0; i < Table.Count; i++)
            _stories[Table[i].Words] = FollowAsync(Table[i], AppOf(i));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await Task.WhenAll(_stories.Values);
        await _waiting.DisposeAsync();
        await _sender.DisposeAsync();
        await StopSimulatorsAsync();
    }

    [Test]
    public void Every_row_of_the_page_is_here()
    {
        var page = File.ReadAllText(Repository.At("docs", "protocols", "providers.md"));
        var section = page[page.IndexOf($"### {PageSection} ", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n#", StringComparison.Ordinal)];
        var here = Table.SelectMany(row => Word().Matches(row.Words)).Select(match => match.Value).ToHashSet(StringComparer.Ordinal);

        var wanted = section.Split('\n').Where(line => line.StartsWith('|') && !line.Contains("not used", StringComparison.Ordinal))
            .Select(line => line.Split('|'))
            .SelectMany(cells => Number().Matches(cells[1]).Concat(Quoted().Matches(cells[2])).Select(match => match.Value.Trim('`')))
            .ToList();

        Assert.That(wanted, Has.Count.GreaterThan(10), "the table was found");
        Assert.That(wanted.Except(here, StringComparer.Ordinal), Is.Empty);
    }

    /// <summary>The rows as tests.</summary>
    protected static IEnumerable<TestCaseData> Cases(IEnumerable<AnswerRow> table) => table.Select(row => new TestCaseData(row).SetArgDisplayNames(row.Words));

    /// <summary>The pushes of a row have had the fates that it tells.</summary>
    protected async Task BearsOutAsync(AnswerRow row) =>
        Assert.That(await _stories[row.Words], Is.EqualTo((string[])[row.Fate, .. row.Next]));

    /// <summary>The sender as its program builds it.</summary>
    protected abstract WebApplication Build(string[] args);

    /// <summary>Starts the vendor's simulator, or several, and tells the sender of it.</summary>
    protected abstract Task PrepareAsync(SenderUnderTest sender);

    protected abstract ValueTask StopSimulatorsAsync();

    /// <summary>Has the sender serve one more app, for this row alone.</summary>
    protected abstract void Serve(string app, AnswerRow row);

    /// <summary>The simulator that gives the row's answer.</summary>
    protected abstract ProviderSimulator SimulatorOf(AnswerRow row);

    /// <summary>A device that was never used before, of the row's app.</summary>
    protected abstract TestDevice NewDevice(AnswerRow row);

    /// <summary>Whether apps have names; else a row with an app of its own has a simulator of its own.</summary>
    protected virtual bool NamesApps => true;

    // The path by which the requests of an app to the token endpoint are told from those of others.
    protected static string TokenPathOf(string app) => $"?{app}.";

    private string? AppOf(int row) => NamesApps && Table[row].HasOwnApp ? string.Create(CultureInfo.InvariantCulture, $"row-{row}") : null;

    private async Task<IReadOnlyList<string>> DeclareWaitingQueuesAsync()
    {
        var rungs = Rungs.Where(seconds => seconds >= LongWaitSeconds).Select(seconds => TimeSpan.FromSeconds(seconds)).ToList();
        var apps = Enumerable.Range(0, Table.Count).Select(AppOf).OfType<string>().ToList();
        await using var broker = new Broker(_sender.Broker.Amqp, "test");
        await broker.WithChannelAsync(
            async channel =>
            {
                foreach (var rung in rungs)
                    await BusTopology.DeclareParkingQueueAsync(channel, ProviderName, rung, CancellationToken.None);
                foreach (var app in apps)
                    await BusTopology.DeclareHoldingQueueAsync(channel, ProviderName, app, CancellationToken.None);
            },
            CancellationToken.None);
        return [.. rungs.Select(rung => BusTopology.ParkingQueue(ProviderName, rung)), .. apps.Select(app => BusTopology.HoldingQueue(ProviderName, app))];
    }

    // One push after the other; the first one meets the row's answer.
    private async Task<List<string>> FollowAsync(AnswerRow row, string? app)
    {
        var story = new List<string>();
        while (story.Count <= row.Next.Count)
        {
            var device = NewDevice(row);
            if (row.IsOfTokenEndpoint && story.Count == 0)
                SimulatorOf(row).Faults.Add(row.Answer with { Path = TokenPathOf(app!) });
            else if (!row.IsOfTokenEndpoint && (row.IsSaidOfAll || story.Count == 0))
                SimulatorOf(row).Faults.Add(row.Answer with { Token = device.ProviderToken, Body = row.Answer.Body?.Replace("{token}", device.ProviderToken, StringComparison.Ordinal) });
            var push = SenderUnderTest.Push(ProviderName, device);
            if (app is not null)
                push = push with { SealedDeviceToken = SenderUnderTest.SealInfo(JsonSerializer.Serialize(new { token = device.Token, app })) };
            await _sender.Bus.PushAsync(push);
            story.Add(await FateOfAsync(push, app, () => WasAsked(row, device)));
        }

        return story;
    }

    private async Task<string> FateOfAsync(EncryptedPush push, string? app, Func<bool> wasAsked)
    {
        string? fate = null;
        await Polling.UntilAsync(() => (fate = Reported(push) ?? Waiting(push, wasAsked)) is not null, Eventually.Patience);
        return fate == Fate.Held("") ? Fate.Held(WhyPaused(app!)) : fate ?? "nothing";
    }

    private string? Reported(EncryptedPush push)
    {
        var bus = _sender.Bus;
        if (bus.Accepted.FirstOrDefault(report => report.PushId == push.PushId) is { } taken)
            return Fate.Taken(taken.Attempts);
        if (bus.Expired.Any(report => report.PushId == push.PushId))
            return "expired";
        if (bus.DeadLettered.FirstOrDefault(letter => letter.PushId == push.PushId) is not { } given)
            return null;
        if (bus.Invalidated.FirstOrDefault(report => report.DeviceId.AsSpan().SequenceEqual(push.DeviceId)) is { } retired)
            return Fate.Retired(retired.Reason, retired.InvalidSince < push.HeardAt ? retired.InvalidSince : null);
        // The two reports come by different ways.
        return given.Outcome == "TOKEN_DEAD" ? null : Fate.DeadLetter(given.Outcome, given.Reason);
    }

    private string? Waiting(EncryptedPush push, Func<bool> wasAsked)
    {
        if (_waiting.Find(push.PushId) is not var (queue, found))
            return null;
        if (found.Attempt == 0 && !wasAsked())
            return Fate.LeftAlone;
        if (!Rungs.Any(seconds => queue == BusTopology.ParkingQueue(ProviderName, TimeSpan.FromSeconds(seconds))))
            return Fate.Held("");
        var rung = Rungs.Single(seconds => queue == BusTopology.ParkingQueue(ProviderName, TimeSpan.FromSeconds(seconds)));
        return found.PastAttempts is [.., var last] ? Fate.Parked(rung, last.Outcome, last.Reason) : Fate.Postponed(rung);
    }

    private bool WasAsked(AnswerRow row, TestDevice device) =>
        row.IsOfTokenEndpoint || SimulatorOf(row).Ledger.Received.Any(request => request.Tokens.Contains(device.ProviderToken, StringComparer.Ordinal));

    // Asked of the instrument itself: the page of metrics keeps a bounded number of series, and every sender that the tests of this process have started is on it.
    private string WhyPaused(string app)
    {
        var why = "not";
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, asked) =>
        {
            if (instrument.Name == "sotto_push_queue_paused")
                asked.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((_, value, labels, _) =>
        {
            var words = labels.ToArray().ToDictionary(label => label.Key, label => $"{label.Value}", StringComparer.Ordinal);
            if (value == 1 && words["provider"] == ProviderName && words["app"] == app)
                why = words["why"];
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return why;
    }

    [GeneratedRegex(@"\b[0-9]{3}(?:[0-9]{5})?\b", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Number();

    [GeneratedRegex(@"`[A-Za-z_]{5,}`", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"[A-Za-z_0-9]+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Word();
}
