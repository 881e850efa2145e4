using System.Text.Json;
using Sotto.Hosting.Bus;
using Sotto.LocalServers.RabbitMq;

namespace Sotto.Access;

/// <summary>Gives each service a user of the broker that may touch what <see cref="ServiceAccess"/> says, and declares what services share. Idempotent.</summary>
public static class BrokerUsers
{
    /// <summary>Makes the users, or gives those that are there the passwords and rights.</summary>
    /// <param name="administrator">The broker and virtual host, with a user that may declare everything.</param>
    /// <param name="management">The broker's management API, with a user that may make users.</param>
    /// <param name="credentials">For whom.</param>
    /// <param name="cancellationToken">Gives up; what was done stays.</param>
    public static async Task ApplyAsync(Uri administrator, Uri management, IReadOnlyCollection<ServiceCredentials> credentials, CancellationToken cancellationToken)
    {
        await using var broker = new Broker(administrator, "sotto access");
        await broker.WithChannelAsync(channel => broker.DeclareTopologyAsync(channel, cancellationToken), cancellationToken);
        foreach (var provider in credentials.SelectMany(one => one.Access.Providers))
            await broker.WithChannelAsync(channel => broker.DeclarePushQueueAsync(channel, provider, cancellationToken), cancellationToken);

        var host = Uri.EscapeDataString(VirtualHost(administrator));
        foreach (var one in credentials)
        {
            var user = JsonSerializer.Serialize(new { password = one.Password, tags = "" });
            var rights = JsonSerializer.Serialize(new { configure = one.Access.Configure, write = one.Access.Write, read = one.Access.Read });
            await ManagementApi.SendAsync(management, HttpMethod.Put, $"api/users/{one.User}", user, cancellationToken);
            await ManagementApi.SendAsync(management, HttpMethod.Put, $"api/permissions/{host}/{one.User}", rights, cancellationToken);
        }
    }

    /// <summary>Removes the users, whether or not they exist.</summary>
    public static async Task RemoveAsync(Uri management, IEnumerable<ServiceCredentials> credentials, CancellationToken cancellationToken)
    {
        foreach (var one in credentials)
            await ManagementApi.SendAsync(management, HttpMethod.Delete, $"api/users/{one.User}", body: null, cancellationToken);
    }

    // AMQP's address with an empty path means the default one.
    private static string VirtualHost(Uri amqp) => Uri.UnescapeDataString(amqp.AbsolutePath.TrimStart('/')) is { Length: > 0 } named ? named : "/";
}
