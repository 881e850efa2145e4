using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sotto.FakeProvider;

/// <summary>Answers one request, rightly or as a fault says.</summary>
internal sealed class Answering(ProviderSimulator simulator, HttpContext context, ConnectionState connection, ReceivedRequest request)
{
    // A client that waits for ever is let go some day.
    private static readonly TimeSpan SilenceMax = TimeSpan.FromMinutes(10);

    private const int DripDelayMs = 20;

    private const string FrontEndPage = "<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title><p>That's an error.</html>";

    private const string Noise = "\u0001\u0002 <<< this is no JSON >>> \u0003";

    public async Task JudgeAsync()
    {
        var verdict = Record(simulator.Judge(request, connection));
        await WriteAsync(verdict);
    }

    public async Task FailAsync(Fault fault)
    {
        request.Fault = fault.Kind;
        if (fault.DelayMs > 0 && fault.Kind != FaultKind.Drip)
            await PauseAsync(TimeSpan.FromMilliseconds(fault.DelayMs));
        await ActAsync(fault);
    }

    private Task ActAsync(Fault fault) => fault.Kind switch
    {
        FaultKind.Delay => JudgeAsync(),
        FaultKind.Forever => KeepSilentAsync(),
        FaultKind.Close or FaultKind.Refuse or FaultKind.ExpiredCertificate => LeaveAsync(connection.Close),
        FaultKind.Reset => LeaveAsync(context.Abort),
        FaultKind.LostAnswer => LoseAnswerAsync(),
        FaultKind.GoAway => DismissAsync(),
        FaultKind.Drip => DripAsync(fault.DelayMs > 0 ? fault.DelayMs : DripDelayMs),
        FaultKind.Cut => CutAsync(Record(Scripted(fault, StatusCodes.Status200OK, """{"cut":"in the middle"}""", "application/json"))),
        FaultKind.Html => WriteAsync(Record(Scripted(fault, StatusCodes.Status502BadGateway, FrontEndPage, "text/html; charset=UTF-8"))),
        FaultKind.Empty => WriteAsync(Record(Scripted(fault, StatusCodes.Status503ServiceUnavailable, "", null))),
        FaultKind.Garbage => WriteAsync(Record(Scripted(fault, StatusCodes.Status200OK, Noise, "application/json"))),
        _ => WriteAsync(Record(Scripted(fault, StatusCodes.Status503ServiceUnavailable, "", "application/json"))),
    };

    private Verdict Record(Verdict verdict)
    {
        (request.Status, request.Reason, request.AcceptedTokens) = (verdict.Status, verdict.Reason, verdict.AcceptedTokens);
        simulator.Ledger.Record(request, verdict.Content);
        return verdict;
    }

    private void RecordSilence() => simulator.Ledger.Record(request, default);

    private Verdict Scripted(Fault fault, int status, string body, string? contentType)
    {
        var headers = new List<KeyValuePair<string, string>>(fault.Headers ?? new Dictionary<string, string>(StringComparer.Ordinal));
        if (fault.RetryAfter is { } text)
            headers.Add(new("Retry-After", text));
        if (fault.RetryAfterDateSeconds is { } seconds)
            headers.Add(new("Retry-After", simulator.Clock.GetUtcNow().AddSeconds(seconds).ToString("R", CultureInfo.InvariantCulture)));
        return new()
        {
            Status = fault.Status ?? status,
            Body = Encoding.UTF8.GetBytes(fault.Body ?? body),
            ContentType = fault.ContentType ?? contentType,
            Headers = headers,
        };
    }

    private async Task KeepSilentAsync()
    {
        RecordSilence();
        await PauseAsync(SilenceMax);
        context.Abort();
    }

    private Task LeaveAsync(Action leave)
    {
        RecordSilence();
        leave();
        return Task.CompletedTask;
    }

    private async Task LoseAnswerAsync()
    {
        var verdict = simulator.Judge(request, connection);
        // No answer reaches the client, so none is counted.
        Record(verdict with { Status = 0 });
        await PauseAsync(Latency());
        connection.Close();
    }

    private Task DismissAsync()
    {
        context.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().RequestClose();
        return JudgeAsync();
    }

    private async Task CutAsync(Verdict verdict)
    {
        await PauseAsync(Latency());
        Head(verdict);
        await context.Response.Body.WriteAsync(verdict.Body[..(verdict.Body.Length / 2)], context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        connection.Close();
    }

    private async Task DripAsync(int delayMs)
    {
        var verdict = Record(simulator.Judge(request, connection));
        var pause = TimeSpan.FromMilliseconds(delayMs);
        await PauseAsync(pause);
        Head(verdict);
        for (var i = 0; i < verdict.Body.Length; i++)
        {
            await context.Response.Body.WriteAsync(verdict.Body.Slice(i, 1), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await PauseAsync(pause);
        }
    }

    private async Task WriteAsync(Verdict verdict)
    {
        await PauseAsync(Latency());
        Head(verdict);
        if (!verdict.Body.IsEmpty)
            await context.Response.Body.WriteAsync(verdict.Body, context.RequestAborted);
    }

    private void Head(Verdict verdict)
    {
        var response = context.Response;
        response.StatusCode = verdict.Status;
        foreach (var (name, value) in verdict.Headers)
            response.Headers.Append(name, value);
        if (verdict.ContentType is { } type)
            response.ContentType = type;
        if (verdict.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
            response.ContentLength = verdict.Body.Length;
    }

    private TimeSpan Latency() => simulator.Options.Latency + (Random.Shared.NextDouble() * simulator.Options.LatencyJitter);

    private async Task PauseAsync(TimeSpan pause)
    {
        if (pause <= TimeSpan.Zero)
            return;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, simulator.Stopping);
        await Task.Delay(pause, TimeProvider.System, either.Token);
    }
}
