using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace SubscriptionApi.Subscriptions;

/// <summary>The codes that clients know (session-v2 section 2.3). A sender's own code is passed through, so there may be others.</summary>
internal static class ErrorCode
{
    public const int None = 0;
    public const int BadInput = 1;
    public const int ServiceNotAvailable = 2;
    public const int ServiceTimeout = 3;
    public const int Error = 4;
    public const int Internal = 5;
}

/// <summary>The answer to one item of a request, as JSON.</summary>
/// <param name="Code"><see cref="ErrorCode.None"/> on success.</param>
/// <param name="Json">The object.</param>
internal sealed record ItemAnswer(int Code, ReadOnlyMemory<byte> Json)
{
    public static ItemAnswer Added { get; } = Success("""{"added":true,"message":"Subscription successful","success":true}"""u8);

    public static ItemAnswer Renewed { get; } = Success("""{"message":"Resubscription successful","success":true,"updated":true}"""u8);

    public static ItemAnswer Removed { get; } = Success("""{"message":"Device unsubscribed from push notifications","removed":true,"success":true}"""u8);

    public static ItemAnswer NotSubscribed { get; } = Success("""{"message":"Device was not subscribed to push notifications","removed":false,"success":true}"""u8);

    // The reference spells it so, and clients may show it.
    public static ItemAnswer Failed { get; } = Refusal(ErrorCode.Error, "An error occured while processing your request");

    // What the reference's web part says when there is no answer from behind (session-v2 section 2.2).
    public static ItemAnswer Busy { get; } = Refusal(ErrorCode.ServiceTimeout, "Timeout waiting for push notification backend");

    public static ItemAnswer Internal { get; } = Refusal(ErrorCode.Internal, "An internal error occurred while processing your request");

    /// <summary>An error with its code and a sentence for people; the sentence never repeats what the client sent, except a well-formed name.</summary>
    public static ItemAnswer Refusal(int code, string message)
    {
        var json = new ArrayBufferWriter<byte>(64 + message.Length);
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteNumber("error"u8, code);
            writer.WriteString("message"u8, message);
            writer.WriteEndObject();
        }

        return new(code, json.WrittenMemory);
    }

    private static ItemAnswer Success([StringSyntax(StringSyntaxAttribute.Json)] ReadOnlySpan<byte> json) => new(ErrorCode.None, json.ToArray());
}
