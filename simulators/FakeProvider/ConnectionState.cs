using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Sotto.FakeProvider;

/// <summary>One TCP connection of a client, for as long as it lives.</summary>
public sealed class ConnectionState(ConnectionContext transport, string listener)
{
    private readonly Lock _gate = new();
    private object? _memory;

    /// <summary>Which of the simulator's ports it came to.</summary>
    public string Listener => listener;

    /// <summary>Its name in the ledger.</summary>
    public string Id => transport.ConnectionId;

    /// <summary>The client's certificate, if it showed one.</summary>
    public X509Certificate2? ClientCertificate { get; private set; }

    /// <summary>What the vendor remembers of this connection: made at the first request.</summary>
    public T Remember<T>()
        where T : class, new()
    {
        lock (_gate)
            return (T)(_memory ??= new T());
    }

    internal void Identify(ITlsConnectionFeature? tls) => ClientCertificate ??= tls?.ClientCertificate;

    internal void Close() => transport.Abort(new ConnectionAbortedException("A scripted fault closes the connection."));
}
