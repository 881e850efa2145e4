using System.Net;
using System.Net.Sockets;

namespace Sotto.WebPush;

/// <summary>Tells public addresses from those that a stranger's endpoint must never make us connect to (IANA special-purpose registries).</summary>
public static class PublicAddress
{
    // Everything outside 2000::/3 is refused as a whole; these are the exceptions inside it.
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    /// <summary>True when the address is public. Mapped and translated addresses are not, whatever they hold.</summary>
    public static bool Is(IPAddress address) =>
        !address.IsIPv4MappedToIPv6
        && (address.AddressFamily == AddressFamily.InterNetwork || (address.AddressFamily == AddressFamily.InterNetworkV6 && GlobalUnicast.Contains(address)))
        && !Special.Any(network => network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address));
}
