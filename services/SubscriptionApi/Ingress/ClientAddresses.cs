using System.Net;
using System.Net.Sockets;

namespace SubscriptionApi.Ingress;

/// <summary>Whom a connection or a request is counted for. Thread-safe.</summary>
internal sealed class ClientAddresses(IngressSettings settings)
{
    private const string ForwardedFor = "X-Forwarded-For";

    // Whoever has one address of version 6 has the other 2^64 of its network.
    private const int NetworkBytesOfVersion6 = 8;

    // Longest chain of proxies that is followed.
    private const int ProxiesMax = 16;

    private readonly IReadOnlyList<IPNetwork> _proxies = IngressSettings.Networks(settings.TrustedProxies);
    private readonly IReadOnlyList<IPNetwork> _unlimited = IngressSettings.Networks(settings.UnlimitedNetworks);

    /// <summary>The client behind a request; null when it has no limit of its own.</summary>
    public IPAddress? Of(HttpContext context)
    {
        var address = Plain(context.Connection.RemoteIpAddress);
        if (_proxies.Count > 0)
            address = BehindProxies(address, context.Request.Headers[ForwardedFor].ToString());
        return Counted(address);
    }

    /// <summary>The client behind a connection; null when it has no limit of its own, as a proxy has none.</summary>
    public IPAddress? Of(EndPoint? peer)
    {
        var address = Plain((peer as IPEndPoint)?.Address);
        return address is null || IsIn(_proxies, address) ? null : Counted(address);
    }

    // From right to left, since a client can write what it likes to the left of what the proxies add.
    private IPAddress? BehindProxies(IPAddress? address, string forwarded)
    {
        var chain = forwarded.Split(',', StringSplitOptions.TrimEntries);
        for (var i = chain.Length - 1; i >= Math.Max(0, chain.Length - ProxiesMax) && address is not null && IsIn(_proxies, address); i--)
        {
            if (!IPAddress.TryParse(chain[i], out var before))
                break;
            address = Plain(before);
        }

        return address;
    }

    private IPAddress? Counted(IPAddress? address)
    {
        if (address is null || IsIn(_unlimited, address))
            return null;
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBytesOfVersion6).Clear();
        return new IPAddress(bytes);
    }

    private static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    private static bool IsIn(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        foreach (var network in networks)
        {
            if (network.Contains(address))
                return true;
        }

        return false;
    }
}
