using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sotto.FakeProvider;

/// <summary>The way of one request: read whole, met by a fault or judged, entered in the ledger, answered.</summary>
internal sealed class RequestPipeline(ProviderSimulator simulator)
{
    /// <summary>Far above every vendor's limit, so that the vendor's own refusal is what a sender sees.</summary>
    public const int BodyBytesMax = 1024 * 1024;

    public async Task HandleAsync(HttpContext context)
    {
        simulator.Meter.RequestBegan();
        try
        {
            await AnswerAsync(context);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            context.Abort();
        }
        finally
        {
            simulator.Meter.RequestEnded();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var connection = context.Features.GetRequiredFeature<ConnectionState>();
        connection.Identify(context.Features.Get<ITlsConnectionFeature>());
        var body = await ReadAsync(context);
        if (body is null)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return;
        }

        var request = Receive(context, connection, body);
        request.Tokens = simulator.TokensOf(request);
        var act = new Answering(simulator, context, connection, request);
        if (simulator.Faults.Take(request.Path, request.Tokens) is { } fault)
            await act.FailAsync(fault);
        else
            await act.JudgeAsync();
    }

    private static async Task<byte[]?> ReadAsync(HttpContext context)
    {
        try
        {
            using var buffer = new MemoryStream((int)Math.Min(context.Request.ContentLength ?? 0, BodyBytesMax));
            await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
            return buffer.Length == buffer.Capacity ? buffer.GetBuffer() : buffer.ToArray();
        }
        catch (BadHttpRequestException)
        {
            return null;
        }
    }

    private ReceivedRequest Receive(HttpContext context, ConnectionState connection, byte[] body)
    {
        var headers = new List<KeyValuePair<string, string>>(context.Request.Headers.Count);
        foreach (var (name, values) in context.Request.Headers)
        {
            foreach (var value in values)
                headers.Add(new(name.ToLowerInvariant(), value ?? ""));
        }

        return new()
        {
            At = simulator.Clock.GetUtcNow(),
            Method = context.Request.Method,
            Path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            Headers = headers,
            Body = body,
            Protocol = context.Request.Protocol,
            Connection = connection.Id,
            Listener = connection.Listener,
        };
    }
}
