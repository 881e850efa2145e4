namespace Sotto.VendorHttp;

/// <summary>A POST to a vendor.</summary>
/// <param name="Path">Path and query, already escaped.</param>
/// <param name="ContentType">The <c>content-type</c> header.</param>
/// <param name="Body">The body; sent as it is, with its length.</param>
public sealed record VendorRequest(string Path, string ContentType, ReadOnlyMemory<byte> Body)
{
    /// <summary>Further headers, sent as they are.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Headers of the answer that the caller wants to see, beside those that every answer shows.</summary>
    public IReadOnlyList<string> WantedHeaders { get; init; } = [];

    /// <summary>From then on the request is worthless and is not begun; null for never. One that has got its stream before is not broken off.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <inheritdoc/>
    // A record would print the path, which may hold a device token, and the authorization.
    public override string ToString() => $"request of {Body.Length} bytes";
}
