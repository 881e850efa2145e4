namespace Sotto.OxenMq;

/// <summary>Why a request got no reply.</summary>
public enum OxenMqFailure
{
    /// <summary>The peer is connected and said nothing in time. It may or may not have acted.</summary>
    Timeout,

    /// <summary>The peer answered with a refusal; <see cref="OxenMqException.Code"/> says which.</summary>
    Refused,

    /// <summary>The connection was lost or closed while the request was under way, or was not there. The peer may or may not have acted.</summary>
    Disconnected,

    /// <summary>Too many requests are in flight to this peer, or its send queue is full. Nothing was sent.</summary>
    Busy,
}

/// <summary>A request failed. The message names the kind and the peer's code, never data.</summary>
public sealed class OxenMqException : Exception
{
    internal OxenMqException(OxenMqFailure failure, string? code = null)
        : base(code is null ? $"The OxenMQ request failed: {failure}." : $"The OxenMQ request was refused: {code}.")
    {
        Failure = failure;
        Code = code;
    }

    /// <summary>The kind of failure.</summary>
    public OxenMqFailure Failure { get; }

    /// <summary>For <see cref="OxenMqFailure.Refused"/> one of the names in <see cref="OxenMqWords"/>, such as <c>FORBIDDEN</c>; else null.</summary>
    public string? Code { get; }
}
