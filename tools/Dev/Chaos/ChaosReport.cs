using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sotto.Ledger;

namespace Sotto.Dev.Chaos;

/// <summary>What a run found.</summary>
internal sealed record ChaosReport
{
    public required ChaosOptions Options { get; init; }

    public required Verdict Verdict { get; init; }

    public required IReadOnlyCollection<DoneFault> Done { get; init; }

    public required IReadOnlyCollection<Ended> Ends { get; init; }

    /// <summary>Null when nobody looked.</summary>
    public required LeakHunt? Leaks { get; init; }

    /// <summary>How long everything took to come to rest after the last fault.</summary>
    public required TimeSpan Drained { get; init; }

    public required TimeSpan Took { get; init; }

    /// <summary>What the witnesses saw of each push that was lost, in a sentence.</summary>
    public required Func<PushKey, string> Tell { get; init; }

    /// <summary>What was wrong beside the books.</summary>
    public required IReadOnlyList<string> Troubles { get; init; }

    /// <summary>True when the promise was kept, everything came to rest, and no secret was found.</summary>
    public bool IsGood => Verdict.Balances && Troubles.Count == 0 && Leaks is not { Count: > 0 };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly JsonSerializerOptions Camel = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>For a person.</summary>
    public void Write(TextWriter output)
    {
        foreach (var (name, value) in Rows())
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-14} {value,10:N0}"));
        output.WriteLine($"\n  faults         {Text(Counts(isDone: true))}");
        if (Counts(isDone: false) is { Count: > 0 } notDone)
            output.WriteLine($"  not done       {Text(notDone)}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  ends           {Ends.Count} processes ended, {Ends.Count(end => end.IsInGoodOrder)} of them in good order; at rest {Drained.TotalSeconds:0.0} s after the last fault; {Took.TotalSeconds:0} s in all"));
        if (Leaks is { } leaks)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  leaks          {leaks.Count:N0} found in {leaks.Places:N0} files, pages, tables and messages, {leaks.Bytes / 1e6:N1} MB"));
        foreach (var key in Verdict.LostKeys)
            output.WriteLine($"  lost: {key.Device}, message {key.Message}: {Tell(key)}");
        Name(output, "misdirected", Verdict.MisdirectedKeys);
        Name(output, "late", Verdict.LateKeys);
        Name(output, "came twice for no reason", Verdict.UnexcusedKeys);
        foreach (var finding in Leaks?.Findings ?? [])
            output.WriteLine($"  LEAK: {finding.Secret} in {finding.Place} at byte {finding.Offset}");
        foreach (var trouble in Troubles)
            output.WriteLine($"  TROUBLE: {trouble}");
    }

    /// <summary>For a program.</summary>
    public string ToJson()
    {
        var json = new JsonObject();
        foreach (var (name, value) in Rows())
            json[name.Replace('-', '_')] = value;
        json["faults"] = ToJson(Counts(isDone: true));
        json["faults_not_done"] = ToJson(Counts(isDone: false));
        json["faults_done"] = new JsonArray([.. Done.OrderBy(done => done.From).Select(Show)]);
        json["processes_ended"] = new JsonArray([.. Ends.Select(end => JsonSerializer.SerializeToNode(end, Camel))]);
        json["unexcused"] = Verdict.Unexcused;
        json["leaks"] = Leaks?.Count;
        json["scanned_places"] = Leaks?.Places;
        json["scanned_bytes"] = Leaks?.Bytes;
        json["drained_seconds"] = Math.Round(Drained.TotalSeconds, 1);
        json["seconds"] = Math.Round(Took.TotalSeconds, 1);
        json["seed"] = Options.Seed;
        json["troubles"] = new JsonArray([.. Troubles.Select(trouble => (JsonNode)trouble)]);
        json["good"] = IsGood;
        return json.ToJsonString(Indented);
    }

    private static JsonObject Show(DoneFault done) => new()
    {
        ["kind"] = done.Fault.Kind.ToString(),
        ["target"] = done.Fault.Target,
        ["detail"] = done.Fault.Detail,
        ["from"] = done.From,
        ["until"] = done.Until,
        ["outcome"] = done.Outcome.ToString(),
        ["note"] = done.Note,
    };

    private static void Name(TextWriter output, string what, IReadOnlyList<PushKey> keys)
    {
        foreach (var key in keys)
            output.WriteLine($"  {what}: {key.Device}, message {key.Message}");
    }

    private IEnumerable<(string Name, int Value)> Rows() =>
    [
        ("accepted", Verdict.Accepted), ("delivered", Verdict.Delivered), ("expired", Verdict.Expired), ("superseded", Verdict.Superseded), ("dead-lettered", Verdict.DeadLettered),
        ("waiting", Verdict.Waiting), ("lost", Verdict.Lost), ("duplicated", Verdict.Duplicated), ("misdirected", Verdict.Misdirected), ("late", Verdict.Late),
    ];

    private SortedDictionary<string, int> Counts(bool isDone) => new(
        Done.Where(done => (done.Outcome == FaultOutcome.Done) == isDone).GroupBy(done => done.Fault.Kind.ToString(), StringComparer.Ordinal)
            .ToDictionary(kind => kind.Key, kind => kind.Count(), StringComparer.Ordinal),
        StringComparer.Ordinal);

    private static string Text(SortedDictionary<string, int> counts) => string.Join(", ", counts.Select(kind => $"{kind.Key} {kind.Value}"));

    private static JsonObject ToJson(SortedDictionary<string, int> counts) => new(counts.Select(kind => KeyValuePair.Create(kind.Key, (JsonNode?)kind.Value)));
}
