using Microsoft.AspNetCore.Http.Features;

namespace SubscriptionApi.Http;

/// <summary>A request's body as far as it may be looked at: its bytes, or why there are none.</summary>
internal readonly record struct RequestBody(RequestBodyState State, ReadOnlyMemory<byte> Bytes)
{
    // Most bodies are below this; a larger one earns its memory by arriving.
    private const int FirstReadBytesMax = 4_096;

    /// <summary>A body that is in memory already, as inside an onion request.</summary>
    public static RequestBody Of(ReadOnlyMemory<byte> bytes, int bytesMax) =>
        bytes.Length > bytesMax ? new(RequestBodyState.TooLarge, default) : new(RequestBodyState.Read, bytes);

    /// <summary>
    /// Reads at most <paramref name="bytesMax"/> bytes. A body that says it is longer is not read at all; one that comes in chunks is read until it has shown to be.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="bytesMax">Longest body.</param>
    /// <param name="large">Bodies of more than <see cref="LargeBodies.FromBytes"/> need a place there; null where none can be so long.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<RequestBody> ReadAsync(HttpContext context, int bytesMax, LargeBodies.Place? large, CancellationToken cancellationToken)
    {
        if (context.Request.ContentLength > bytesMax)
            return new(RequestBodyState.TooLarge, default);
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return context.Request.ContentLength is null ? new(RequestBodyState.Missing, default) : new(RequestBodyState.Read, default);

        var bytes = new byte[Math.Min(context.Request.ContentLength ?? FirstReadBytesMax, FirstReadBytesMax)];
        var length = 0;
        while (true)
        {
            var count = await context.Request.Body.ReadAsync(bytes.AsMemory(length), cancellationToken);
            if (count == 0)
                return new(RequestBodyState.Read, bytes.AsMemory(0, length));
            length += count;
            if (length > bytesMax)
                return new(RequestBodyState.TooLarge, default);
            if (length < bytes.Length)
                continue;
            if (length >= LargeBodies.FromBytes && large?.TryTake() == false)
                return new(RequestBodyState.Refused, default);
            // One byte more than is allowed shows that a body is too long.
            Array.Resize(ref bytes, Math.Min(2 * length, bytesMax + 1));
        }
    }
}

/// <summary>What came of reading a body.</summary>
internal enum RequestBodyState
{
    /// <summary>It is here, perhaps empty.</summary>
    Read,

    /// <summary>The request has none.</summary>
    Missing,

    /// <summary>It is longer than the route allows.</summary>
    TooLarge,

    /// <summary>It is large and so are too many others.</summary>
    Refused,
}
