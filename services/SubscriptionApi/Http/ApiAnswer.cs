using System.Net.Mime;
using System.Text;
using Sotto.OnionRequests;

namespace SubscriptionApi.Http;

/// <summary>What a route answers, the same to plain HTTP and inside an onion request.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="ContentType">Always present: clients of onion requests expect one.</param>
/// <param name="Body">The whole body.</param>
/// <param name="Allow">The methods that the route knows, when that is the answer.</param>
internal sealed record ApiAnswer(int Status, string ContentType, ReadOnlyMemory<byte> Body, string? Allow = null)
{
    private const string Html = "text/html; charset=utf-8";
    private const string Text = "text/plain; charset=utf-8";
    private const string Methods = "OPTIONS, POST";

    public static ApiAnswer NotFound { get; } = new(StatusCodes.Status404NotFound, Html, "<!doctype html><title>404 Not Found</title>\n"u8.ToArray());

    public static ApiAnswer MethodNotAllowed { get; } =
        new(StatusCodes.Status405MethodNotAllowed, Html, "<!doctype html><title>405 Method Not Allowed</title>\n"u8.ToArray(), Methods);

    public static ApiAnswer Options { get; } = new(StatusCodes.Status200OK, Html, default, Methods);

    public static ApiAnswer Busy { get; } = new(StatusCodes.Status503ServiceUnavailable, Text, "Busy\n"u8.ToArray());

    public static ApiAnswer TooMany { get; } = new(StatusCodes.Status429TooManyRequests, Text, "Too many requests\n"u8.ToArray());

    public static ApiAnswer Failed { get; } = new(StatusCodes.Status500InternalServerError, Text, "Failed\n"u8.ToArray());

    public static ApiAnswer TooLarge { get; } = new(StatusCodes.Status413PayloadTooLarge, Text, "Too large\n"u8.ToArray());

    public static ApiAnswer BadRequest { get; } = new(StatusCodes.Status400BadRequest, Text, "Bad request\n"u8.ToArray());

    public static ApiAnswer InvalidOnion { get; } = new(StatusCodes.Status400BadRequest, Text, Encoding.UTF8.GetBytes(V4Response.InvalidRequestText));

    /// <summary>Every answer to a subscription is HTTP 200, errors included (session-v2 section 2.2).</summary>
    public static ApiAnswer Json(ReadOnlyMemory<byte> body) => new(StatusCodes.Status200OK, MediaTypeNames.Application.Json, body);

    public static ApiAnswer Bytes(ReadOnlyMemory<byte> body) => new(StatusCodes.Status200OK, MediaTypeNames.Application.Octet, body);
}
