using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Sotto.Hosting;

/// <summary>Where a service answers questions about its health; section <c>Admin</c>.</summary>
public sealed class AdminSettings
{
    /// <summary>One address for health and metrics. Default: a free port of the loopback interface.</summary>
    [Required]
    public string Urls { get; set; } = "http://127.0.0.1:0";

    /// <summary>A file with the token that questions beyond health and metrics must carry, such as <c>/admin/stats</c> of the SubscriptionApi. Default: none, and then nobody may ask them.</summary>
    public string? TokenFile { get; set; }
}

/// <summary>An address to listen at, as <c>http://ip:port</c>.</summary>
internal static class ListenAddress
{
    public static IPEndPoint Parse(string url, string setting)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not "http")
            throw new Settings.SettingsException($"Setting {setting}: '{url}' is not an address of the form http://127.0.0.1:8080.");
        if (string.Equals(uri.Host, "localhost", StringComparison.OrdinalIgnoreCase))
            return new IPEndPoint(IPAddress.Loopback, uri.Port);
        // Kestrel's own words for "every interface".
        if (uri.Host is "*" or "+" or "0.0.0.0")
            return new IPEndPoint(IPAddress.Any, uri.Port);
        return IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip)
            ? new IPEndPoint(ip, uri.Port)
            : throw new Settings.SettingsException($"Setting {setting}: the host of '{url}' must be an IP address, localhost or *.");
    }
}
