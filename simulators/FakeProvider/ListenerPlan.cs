using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Sotto.FakeProvider;

/// <summary>One TLS port of a simulator.</summary>
/// <param name="Name">Its name in the ledger.</param>
/// <param name="Port">0 takes a free one.</param>
/// <param name="Protocols">The HTTP versions offered by ALPN.</param>
/// <param name="AsksForCertificate">Whether a client may show a certificate.</param>
public sealed record ListenerPlan(string Name, int Port, HttpProtocols Protocols, bool AsksForCertificate = false);
