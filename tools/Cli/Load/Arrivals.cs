using System.Text.Json.Nodes;
using Sotto.FakePhone;
using Phone = Sotto.FakePhone.FakePhone;

namespace Sotto.Cli.Load;

/// <summary>Which messages were stored, and which of them a provider was seen to have. Thread-safe.</summary>
/// <param name="report">Told of each arrival.</param>
/// <param name="phones">By their device tokens.</param>
internal sealed class Arrivals(PhaseReport report, IReadOnlyDictionary<string, Phone> phones)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTimeOffset> _due = new(StringComparer.Ordinal);

    // A message can be at the provider before we have read that it is stored. One that arrived stays here, so that a second copy is known as such.
    private readonly Dictionary<string, DateTimeOffset> _arrived = new(StringComparer.Ordinal);

    /// <summary>How many were stored and have not been seen.</summary>
    public int Outstanding
    {
        get
        {
            lock (_gate)
                return _due.Count;
        }
    }

    public void Stored(string hash, DateTimeOffset dueAt)
    {
        lock (_gate)
        {
            if (_arrived.TryGetValue(hash, out var arrivedAt))
                Arrive(arrivedAt - dueAt);
            else
                _due.Add(hash, dueAt);
        }
    }

    /// <summary>Looks through requests as the provider's control endpoint shows them.</summary>
    public void Look(JsonArray received)
    {
        foreach (var request in received)
        {
            if (request!["accepted"]!.GetValue<bool>() && HashIn(request) is { } hash)
                Saw(hash, request["at"]!.GetValue<DateTimeOffset>());
        }
    }

    private string? HashIn(JsonNode request) =>
        request["tokens"]?.AsArray() is [{ } token, ..] && phones.TryGetValue(token.GetValue<string>(), out var phone)
        && Envelope.FindIn(request["body"]?.GetValue<string>() ?? "") is { } sealedText && phone.TryOpen(sealedText, out var notification)
            ? notification.Hash
            : null;

    private void Saw(string hash, DateTimeOffset at)
    {
        lock (_gate)
        {
            if (!_arrived.TryAdd(hash, at))
                report.Count(LoadOutcome.Duplicate);
            else if (_due.Remove(hash, out var dueAt))
                Arrive(at - dueAt);
        }
    }

    private void Arrive(TimeSpan after)
    {
        report.Latencies.Add(after);
        report.Count(LoadOutcome.Arrived);
    }
}
