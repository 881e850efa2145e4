using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace SubscriptionApi.Ingress;

/// <summary>Bounds the connections of each client. Nothing of one that is too many is read. Thread-safe.</summary>
internal sealed class ClientConnections(IngressSettings settings, ClientAddresses addresses, IngressRefusals refusals)
{
    // As many as there are clients with a connection, which ApiSettings.ConnectionsMax bounds.
    private readonly ConcurrentDictionary<IPAddress, int> _open = new();

    public async Task HoldAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (addresses.Of(connection.RemoteEndPoint) is not { } client)
        {
            await next(connection);
            return;
        }

        try
        {
            if (_open.AddOrUpdate(client, 1, static (_, count) => count + 1) <= settings.ClientConnectionsMax)
            {
                await next(connection);
                return;
            }

            refusals.Count(IngressRefusal.Connections);
            connection.Abort();
        }
        finally
        {
            Leave(client);
        }
    }

    private void Leave(IPAddress client)
    {
        if (_open.AddOrUpdate(client, 0, static (_, count) => count - 1) == 0)
            _open.TryRemove(KeyValuePair.Create(client, 0));
    }
}
