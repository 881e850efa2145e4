namespace Sotto.Delivery;

/// <summary>Whether an address may be told what a provider is told.</summary>
public static class ProviderAddress
{
    /// <summary>Null when it may: https, or plain http on this very machine for a test; else a sentence.</summary>
    public static string? Refuse(Uri address)
    {
        var safe = address.IsAbsoluteUri && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback));
        return safe ? null : $"'{address.OriginalString}' is not an address of the form https://host:port.";
    }
}
