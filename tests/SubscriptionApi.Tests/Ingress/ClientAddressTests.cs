using System.Net;
using Microsoft.AspNetCore.Http;
using SubscriptionApi.Ingress;

namespace SubscriptionApi.Tests.Ingress;

public sealed class ClientAddressTests
{
    [TestCase("198.51.100.7", "", "198.51.100.7")]
    [TestCase("198.51.100.7", "192.0.2.1", "198.51.100.7")]
    [TestCase("10.0.0.1", "192.0.2.1", "192.0.2.1")]
    [TestCase("10.0.0.1", "192.0.2.66, 192.0.2.1", "192.0.2.1")]
    [TestCase("10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1")]
    [TestCase("10.0.0.1", "junk, 10.0.0.2", "10.0.0.2")]
    [TestCase("10.0.0.1", "", "10.0.0.1")]
    [TestCase("::ffff:10.0.0.1", "192.0.2.1", "192.0.2.1")]
    [TestCase("10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1")]
    [TestCase("10.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    [TestCase("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::")]
    [TestCase("127.0.0.1", "192.0.2.1", null)]
    [TestCase("10.0.0.1", "127.0.0.1", null)]
    public void The_client_is_the_last_address_that_is_no_trusted_proxy(string peer, string forwarded, string? client)
    {
        var addresses = new ClientAddresses(new IngressSettings { TrustedProxies = "10.0.0.0/8" });
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(peer);
        if (forwarded.Length > 0)
            context.Request.Headers["X-Forwarded-For"] = forwarded;

        Assert.That(addresses.Of(context)?.ToString(), Is.EqualTo(client));
    }

    [TestCase("10.0.0.1", null)]
    [TestCase("127.0.0.1", null)]
    [TestCase("::1", null)]
    [TestCase("192.0.2.1", "192.0.2.1")]
    public void A_connection_of_a_proxy_or_of_this_machine_is_nobodys(string peer, string? client)
    {
        var addresses = new ClientAddresses(new IngressSettings { TrustedProxies = "10.0.0.0/8" });

        Assert.That(addresses.Of(new IPEndPoint(IPAddress.Parse(peer), 1))?.ToString(), Is.EqualTo(client));
    }
}
