namespace Sotto.VendorHttp;

/// <summary>A short-lived right to send.</summary>
/// <param name="Value">The token itself; secret.</param>
/// <param name="IssuedAt">When it was asked for.</param>
/// <param name="ExpiresAt">From then on it is worthless.</param>
public sealed record AccessToken(string Value, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt)
{
    /// <inheritdoc/>
    // A record would print the token.
    public override string ToString() => $"access token until {ExpiresAt:O}";
}

/// <summary>What came of asking for an access token: a token, or what the token endpoint said instead.</summary>
public sealed record AccessTokenAnswer
{
    /// <summary>The token; null when there is none.</summary>
    public AccessToken? Token { get; init; }

    /// <summary>The token endpoint's answer, for a vendor's client to judge when there is no token.</summary>
    public VendorAnswer Answer { get; init; } = new();

    /// <summary>The vendor's own word for what is wrong, such as <c>invalid_grant</c>; null when it gave none.</summary>
    public string? Error { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Token is null ? $"no access token: {Error ?? Answer.ToString()}" : Token.ToString();
}
