using System.Net;
using System.Text;

namespace Sotto.WebPush;

/// <summary>Which endpoints a stranger may make us post to: the cheap half of the guard against request forgery. <see cref="PublicAddress"/> is the other.</summary>
/// <remarks>Immutable, thread-safe. Check when a subscription is made and again before each send.</remarks>
public sealed class EndpointRules
{
    /// <summary>Longest endpoint, in bytes (UnifiedPush specification).</summary>
    public const int LengthMax = 1000;

    private static readonly string[] PrivateNames = ["localhost", "local", "internal", "lan", "home.arpa", "onion"];

    /// <summary>Hosts that are refused though public, such as our own domains; a name covers its subdomains.</summary>
    public IReadOnlyList<string> DeniedHosts { get; init; } = [];

    /// <summary>Networks that are refused though public, such as our own addresses.</summary>
    public IReadOnlyList<IPNetwork> DeniedNetworks { get; init; } = [];

    /// <summary>Origins (<c>https://host:port</c>) exempt from every rule but https: the fakes of a test system. Empty in production.</summary>
    public IReadOnlySet<string> TestOrigins { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Null when the endpoint may be posted to; else a sentence that repeats nothing of it.</summary>
    public string? Refuses(string? endpoint, out Uri? uri)
    {
        uri = null;
        // System.Uri forgives spaces, line breaks and look-alike letters; so they are refused before it sees them.
        if (endpoint is null || Encoding.UTF8.GetByteCount(endpoint) > LengthMax)
            return $"endpoint must be a URL of at most {LengthMax} bytes";
        if (!endpoint.All(c => c is > ' ' and < '\x7f'))
            return "endpoint must be plain ASCII without spaces";
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var parsed) || !string.Equals(parsed.Scheme, Uri.UriSchemeHttps, StringComparison.Ordinal)
            || !endpoint.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            return "endpoint must be an https URL";
        }

        if (!TestOrigins.Contains(parsed.GetLeftPart(UriPartial.Authority)) && RefusesPublic(parsed) is { } wrong)
            return wrong;
        uri = parsed;
        return null;
    }

    /// <summary>True when a host that is not exempt may be at this address.</summary>
    public bool Allows(IPAddress address) => PublicAddress.Is(address) && !DeniedNetworks.Any(network => network.Contains(address));

    private string? RefusesPublic(Uri uri)
    {
        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
            return "endpoint must not carry user information or a fragment";
        if (uri.Port is not 443 and not (>= 1024 and <= 65535))
            return "endpoint's port must be 443 or at least 1024";
        // Numbers in any spelling become an address here, so the kind is asked and not the text.
        if (uri.HostNameType != UriHostNameType.Dns || uri.Host.TrimEnd('.').Length != uri.Host.Length || !uri.Host.Contains('.', StringComparison.Ordinal))
            return "endpoint's host must be a public name";
        return PrivateNames.Concat(DeniedHosts).Any(name => Covers(name, uri.Host)) ? "endpoint's host must be a public name" : null;
    }

    private static bool Covers(string name, string host) =>
        host.EndsWith(name, StringComparison.OrdinalIgnoreCase) && (host.Length == name.Length || host[^(name.Length + 1)] == '.');
}
