namespace Sotto.RawHttp2;

/// <summary>What has become of a request at the server.</summary>
public enum RequestFate
{
    /// <summary>It is being worked on, or was never answered.</summary>
    Open,

    /// <summary>It was answered.</summary>
    Answered,

    /// <summary>Its stream was refused: it was not looked at.</summary>
    Refused,

    /// <summary>Its stream was above the last one that GOAWAY named: it was not looked at.</summary>
    LeftBehind,

    /// <summary>Its stream was broken off after it had been looked at.</summary>
    Broken,
}

/// <summary>A request as it came over the wire.</summary>
public sealed class RawRequest
{
    private readonly List<KeyValuePair<string, string>> _headers = [];

    internal RawRequest(int connection, int stream) => (Connection, Stream) = (connection, stream);

    /// <summary>Which connection, counted from 1.</summary>
    public int Connection { get; }

    /// <summary>Which stream.</summary>
    public int Stream { get; }

    /// <summary>The path.</summary>
    public string Path => Header(":path") ?? "";

    /// <summary>The body so far.</summary>
    public byte[] Body { get; private set; } = [];

    /// <summary>What has become of it.</summary>
    public RequestFate Fate { get; internal set; }

    /// <summary>The status of its answer; 0 without one.</summary>
    public int Status { get; internal set; }

    /// <summary>A header's value; null without one.</summary>
    public string? Header(string name) => _headers.Find(header => header.Key == name).Value;

    internal void Add(IEnumerable<KeyValuePair<string, string>> headers) => _headers.AddRange(headers);

    internal void Add(ReadOnlySpan<byte> body) => Body = [.. Body, .. body];
}

/// <summary>How a request is answered.</summary>
public sealed record RawAnswer
{
    /// <summary>The status.</summary>
    public int Status { get; init; } = 200;

    /// <summary>The body; empty for none.</summary>
    public string Body { get; init; } = "";

    /// <summary>Waits so long before.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Waits so long before each byte of the body.</summary>
    public TimeSpan Drip { get; init; }

    /// <summary>Breaks the stream off with this code instead; <see cref="Http2Error.RefusedStream"/> says that it was not looked at.</summary>
    public Http2Error? Reset { get; init; }

    /// <summary>Says nothing, ever.</summary>
    public bool Never { get; init; }
}
