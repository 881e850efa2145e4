namespace Sotto.FakeProvider;

/// <summary>How a scripted fault departs from the right answer.</summary>
public enum FaultKind
{
    /// <summary>The given status, body and headers, unjudged.</summary>
    Answer,

    /// <summary>Judged as usual after <see cref="Fault.DelayMs"/>.</summary>
    Delay,

    /// <summary>No answer until the client gives up.</summary>
    Forever,

    /// <summary>The TCP connection is closed before the answer.</summary>
    Close,

    /// <summary>The TCP connection is closed in the middle of the answer's body.</summary>
    Cut,

    /// <summary>The stream is reset (HTTP/2); the connection closed (HTTP/1.1).</summary>
    Reset,

    /// <summary>The page of a front end.</summary>
    Html,

    /// <summary>A status without a body.</summary>
    Empty,

    /// <summary>200, and noise where JSON should be.</summary>
    Garbage,

    /// <summary>The right answer, byte by byte.</summary>
    Drip,

    /// <summary>Judged and stored; then the connection is closed before the answer.</summary>
    LostAnswer,

    /// <summary>Judged and answered as usual; the connection takes no more requests (GOAWAY, or <c>Connection: close</c>).</summary>
    GoAway,

    /// <summary>As <see cref="Close"/>, and new connections are closed at once as well.</summary>
    Refuse,

    /// <summary>As <see cref="Close"/>, and new connections are shown a certificate that has expired.</summary>
    ExpiredCertificate,
}

/// <summary>One scripted departure; see the README for the meaning of each field together with each kind.</summary>
public sealed record Fault
{
    public required FaultKind Kind { get; init; }

    public int? Status { get; init; }

    public string? Body { get; init; }

    public string? ContentType { get; init; }

    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The text of a <c>Retry-After</c> header.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>A <c>Retry-After</c> with the HTTP date that many seconds from the answer.</summary>
    public int? RetryAfterDateSeconds { get; init; }

    /// <summary>Milliseconds before the fault acts; for <see cref="FaultKind.Drip"/> between two bytes.</summary>
    public int DelayMs { get; init; }

    /// <summary>Only requests that name this device token.</summary>
    public string? Token { get; init; }

    /// <summary>Only paths that contain this.</summary>
    public string? Path { get; init; }

    /// <summary>The share of fitting requests it acts on, 0 to 1.</summary>
    public double Probability { get; init; } = 1;

    /// <summary>Fitting requests that pass first.</summary>
    public int Skip { get; init; }

    /// <summary>Uses; 0 is no end.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Milliseconds from adding it until it begins.</summary>
    public int AfterMs { get; init; }

    /// <summary>Milliseconds from its beginning to its end; null is no end.</summary>
    public int? ForMs { get; init; }
}
