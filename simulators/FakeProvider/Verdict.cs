namespace Sotto.FakeProvider;

/// <summary>How a simulator judged a request: the answer, and for which devices it took the notification.</summary>
public sealed record Verdict
{
    public required int Status { get; init; }

    /// <summary>The vendor's word for a refusal, by which the ledger counts; null for a success.</summary>
    public string? Reason { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }

    public string? ContentType { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The devices for which the notification was taken.</summary>
    public IReadOnlyList<string> AcceptedTokens { get; init; } = [];

    /// <summary>
    /// What the device would get, without what may differ between two attempts: two notifications with the same content and device are duplicates.
    /// </summary>
    public ReadOnlyMemory<byte> Content { get; init; }
}
