using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Sotto.FakeProvider;

/// <summary>What the control endpoint can be asked and told.</summary>
internal sealed class ControlOrders(ProviderSimulator simulator)
{
    private const int ReceivedDefault = 1000;
    private const int ReceivedMax = 10_000;
    private const int IdsMax = 100_000;

    private static readonly object Done = new { ok = true };

    public object Received(IQueryCollection query)
    {
        var since = Number(query, "since", 0);
        var limit = (int)Math.Clamp(Number(query, "limit", ReceivedDefault), 1, ReceivedMax);
        var (items, oldest) = simulator.Ledger.Since(since, limit);
        return new { next = items.Count > 0 ? items[^1].Sequence : since, oldest, items = items.Select(Show) };
    }

    public object Ledger(IQueryCollection query)
    {
        var summary = simulator.Ledger.Summarise();
        return new
        {
            summary.Requests,
            summary.Accepted,
            summary.Distinct,
            summary.Duplicates,
            summary.Exact,
            summary.Refused,
            summary.Statuses,
            Faults = summary.Faults.ToDictionary(pair => ControlText.Of(pair.Key), pair => pair.Value, StringComparer.Ordinal),
            summary.Devices,
            summary.Repeated,
            Ids = query["ids"] == "true" ? simulator.Ledger.Ids(IdsMax) : null,
            TokenAccepted = query.TryGetValue("token", out var token) ? simulator.Ledger.AcceptedFor(token.ToString()) : (int?)null,
        };
    }

    public object Stats() => new
    {
        simulator.Name,
        UptimeMs = (long)simulator.Meter.Uptime.TotalMilliseconds,
        simulator.Ledger.Requests,
        simulator.Ledger.Accepted,
        simulator.Meter.PerSecond,
        simulator.Meter.InFlight,
        simulator.Meter.ConnectionsOpen,
        simulator.Meter.ConnectionsTotal,
        FaultsWaiting = simulator.Faults.Count,
    };

    public object SetTokens(IReadOnlyList<TokenOrder> orders)
    {
        foreach (var order in orders)
        {
            DateTimeOffset? since = order.AtMs is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
            simulator.Tokens.Set(order.Token, order.State, since, order.Topic, order.Environment);
        }

        return Done;
    }

    public object AddFaults(IReadOnlyList<Fault> faults)
    {
        simulator.Faults.Add(faults);
        return Done;
    }

    public object ClearFaults()
    {
        simulator.Faults.Clear();
        return Done;
    }

    public object MoveClock(ClockOrder order)
    {
        simulator.Clock.Offset = TimeSpan.FromMilliseconds(order.OffsetMs);
        return Done;
    }

    public object SetLimits(LimitsOrder order)
    {
        simulator.MaxStreams = order.MaxStreams;
        return Done;
    }

    public object Reset()
    {
        simulator.Reset();
        return Done;
    }

    private static object Show(ReceivedRequest request) => new
    {
        Seq = request.Sequence,
        request.At,
        AtMs = request.At.ToUnixTimeMilliseconds(),
        request.Method,
        request.Path,
        Headers = request.Headers.GroupBy(header => header.Key, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => string.Join(", ", group.Select(header => header.Value)), StringComparer.Ordinal),
        Body = request.BodyText,
        Opened = request.Opened is { } opened ? System.Text.Encoding.UTF8.GetString(opened) : null,
        // What only the device can read may be no text.
        BodyBase64 = request.Opened is null ? null : Convert.ToBase64String(request.Body),
        request.Tokens,
        request.Protocol,
        request.Connection,
        request.Listener,
        request.Status,
        request.Reason,
        request.Accepted,
        Fault = request.Fault is { } fault ? ControlText.Of(fault) : null,
    };

    private static long Number(IQueryCollection query, string name, long otherwise) =>
        query.TryGetValue(name, out var text) ? long.Parse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture) : otherwise;
}

/// <summary>The control endpoint's words.</summary>
internal static class ControlText
{
    public static string Of(FaultKind kind) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());
}
