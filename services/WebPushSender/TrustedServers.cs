namespace WebPushSender;

/// <summary>The push services that are believed at once and expected to stay: those of browsers (providers.md section 7.5), and our own.</summary>
internal sealed class TrustedServers(IReadOnlyList<string> own)
{
    private static readonly string[] Hosts = ["updates.push.services.mozilla.com", "fcm.googleapis.com"];
    private static readonly string[] Domains = [".push.apple.com", ".notify.windows.com"];

    public bool Has(Uri endpoint) =>
        Hosts.Concat(own).Contains(endpoint.Host, StringComparer.OrdinalIgnoreCase)
        || Array.Exists(Domains, domain => endpoint.Host.EndsWith(domain, StringComparison.OrdinalIgnoreCase));
}
