using Sotto.VendorHttp;

namespace Sotto.Example;

/// <summary>Hands messages to Example with an API key. Thread-safe.</summary>
/// <remarks>What a network can do wrong is an <see cref="ExampleResponse.Silence"/>, not an exception.</remarks>
public sealed class ExampleClient : IDisposable
{
    private readonly string _authorization;

    /// <summary>A client for one account.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="apiKey">The account's key. Secret.</param>
    /// <param name="clock">Times the requests.</param>
    public ExampleClient(ExampleOptions options, string apiKey, TimeProvider clock)
    {
        _authorization = "Bearer " + apiKey;
        Connections = new VendorConnections(options.Connections(), clock);
    }

    /// <summary>The connections, for who wants to watch them.</summary>
    public VendorConnections Connections { get; }

    /// <summary>Sends one message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="notAfter">From then on it is worthless and is not sent, however long it waits for a connection.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The caller gave up; the vendor may have taken the message.</exception>
    public async Task<ExampleResponse> SendAsync(ExampleMessage message, DateTimeOffset notAfter, CancellationToken cancellationToken)
    {
        var request = new VendorRequest("/v1/send", "application/json", message.ToJson()) { Headers = [new("Authorization", _authorization)], NotAfter = notAfter };
        return ExampleResponse.Read(await Connections.SendAsync(request, cancellationToken));
    }

    /// <inheritdoc/>
    public void Dispose() => Connections.Dispose();
}
