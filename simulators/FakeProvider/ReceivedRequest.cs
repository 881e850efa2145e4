using System.Text;

namespace Sotto.FakeProvider;

/// <summary>One request as it arrived, and what became of it.</summary>
public sealed class ReceivedRequest
{
    /// <summary>Counts requests from 1 in the order in which they were answered; 0 until then.</summary>
    public long Sequence { get; internal set; }

    /// <summary>When its last byte was read.</summary>
    public required DateTimeOffset At { get; init; }

    public required string Method { get; init; }

    /// <summary>Path and query as they were sent.</summary>
    public required string Path { get; init; }

    /// <summary>Header by header, repeated ones repeated; names in lower case, no pseudo-headers.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    public required byte[] Body { get; init; }

    /// <summary><c>HTTP/2</c> or <c>HTTP/1.1</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The connection it came on.</summary>
    public required string Connection { get; init; }

    /// <summary>Which of the simulator's ports it came to, for example <c>sandbox</c>.</summary>
    public required string Listener { get; init; }

    /// <summary>The device tokens it names.</summary>
    public IReadOnlyList<string> Tokens { get; internal set; } = [];

    /// <summary>The status of the judgement or of the fault; 0 when no answer was given.</summary>
    public int Status { get; internal set; }

    /// <summary>The vendor's word for a refusal; null when there was none.</summary>
    public string? Reason { get; internal set; }

    /// <summary>The device tokens for which the notification was taken.</summary>
    public IReadOnlyList<string> AcceptedTokens { get; internal set; } = [];

    /// <summary>True when the notification was taken for at least one device.</summary>
    public bool Accepted => AcceptedTokens.Count > 0;

    /// <summary>The scripted fault that acted on it, if one did.</summary>
    public FaultKind? Fault { get; internal set; }

    /// <summary>What a simulator read in the body, so that it reads it once; forgotten when the request is entered in the ledger.</summary>
    public object? Reading { get; set; }

    /// <summary>What the app on the device read; null where that is not apart from the body, and where it could not.</summary>
    public byte[]? Opened { get; set; }

    /// <summary>The body as text.</summary>
    public string BodyText => Encoding.UTF8.GetString(Body);

    /// <summary>The first header of that name, or null.</summary>
    public string? Header(string name)
    {
        foreach (var (key, value) in Headers)
        {
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"request {Sequence}: {Status} {Reason}";
}
