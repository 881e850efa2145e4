using System.Security.Cryptography.X509Certificates;

namespace Sotto.WebPush;

/// <summary>How a <see cref="WebPushClient"/> speaks to push services.</summary>
public sealed record WebPushClientOptions
{
    /// <summary>How long one request may take, name look-up and answer included.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Most connections at one time to one origin.</summary>
    public int ConnectionsPerOriginMax { get; init; } = 10;

    /// <summary>Authorities to trust besides the system's, for servers of a test; names and dates are checked all the same.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }
}
