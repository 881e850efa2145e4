namespace Sotto.VendorHttp;

/// <summary>What came of one request: an answer, or the reason why there was none.</summary>
public sealed record VendorAnswer
{
    /// <summary>Most bytes of a body that are read; the rest is not.</summary>
    public const int BodyBytesMax = 16 * 1024;

    /// <summary>HTTP status, or 0 when there was no answer.</summary>
    public int Status { get; init; }

    /// <summary>Why there was no answer, in one word or two that may be logged; null when there was one.</summary>
    public string? Silence { get; init; }

    /// <summary>The body, cut at <see cref="BodyBytesMax"/>.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The <c>Retry-After</c> header as it came; null without one.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>When asking again makes no sense before some time: that time, from now. Set while connecting is paused after failures.</summary>
    public TimeSpan? ResumesIn { get; init; }

    /// <summary>The header <c>apns-id</c> and its like are read by the vendor's client from here; names compare without case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = NoHeaders;

    internal static IReadOnlyDictionary<string, string> NoHeaders { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    internal VendorConnection? Connection { get; init; }

    /// <summary>True when the server said that it has not looked at the request, because there were too many at one time.</summary>
    internal bool WasRefused { get; init; }

    /// <inheritdoc/>
    // A record would print the body, which may hold an access token.
    public override string ToString() => Silence is null ? $"answer {Status}" : $"no answer: {Silence}";
}

/// <summary>The words of <see cref="VendorAnswer.Silence"/>.</summary>
public static class Silences
{
    /// <summary>The request was written and not answered in time: it may have been taken.</summary>
    public const string Timeout = "timeout";

    /// <summary>No connection or stream became free in time: the request was never sent.</summary>
    public const string NoStream = "no stream";

    /// <summary>The request had become worthless before it could be sent.</summary>
    public const string TooLate = "too late";

    /// <summary>No connection could be made.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>TLS could not be agreed on: a certificate, a name, a version.</summary>
    public const string Tls = "tls";

    /// <summary>The connection or the stream broke before the answer was whole: the request may have been taken.</summary>
    public const string Broken = "broken connection";

    /// <summary>The server does not speak the version of HTTP that this vendor speaks.</summary>
    public const string Version = "wrong http version";

    /// <summary>Connecting failed a moment ago and is not tried again yet.</summary>
    public const string Paused = "connecting paused";
}
