namespace Sotto.Cli.Import;

/// <summary>A subscription as the existing server keeps it (session-v2 section 4). Holds a device token and an envelope key: it stays in memory.</summary>
internal sealed record SpnsRow
{
    public required long Id { get; init; }

    public required byte[] Account { get; init; }

    public byte[]? SessionEd25519 { get; init; }

    public byte[]? SubaccountToken { get; init; }

    public byte[]? SubaccountSignature { get; init; }

    public required byte[] Signature { get; init; }

    public required long SignedAtSeconds { get; init; }

    public required bool WantsData { get; init; }

    public required byte[] EnvelopeKey { get; init; }

    public required string Service { get; init; }

    /// <summary>The device token.</summary>
    public required string ServiceId { get; init; }

    /// <summary>Ascending, since that is how they were signed.</summary>
    public required short[] Namespaces { get; init; }

    /// <summary>Never the content.</summary>
    public override string ToString() => $"{nameof(SpnsRow)} {Id}";
}
