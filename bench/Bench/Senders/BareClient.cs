using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Sotto.Bench.Running;
using Sotto.Dev.Running;
using Sotto.VendorHttp;

namespace Sotto.Bench.Senders;

/// <summary>
/// The limit that a sender is held against: one of its own requests, made again and again by <see cref="HttpMessageInvoker"/> alone, to the same simulated provider, on as many
/// connections and with as many under way. No queue, no key, no outcome.
/// </summary>
internal sealed class BareClient : IDisposable
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    private readonly Uri _address;
    private readonly JsonObject _original;
    private readonly HttpMessageInvoker[] _connections;
    private readonly int _streams;
    private long _taken;

    private BareClient(Uri address, JsonObject original, HttpMessageInvoker[] connections, int streams) =>
        (_address, _original, _connections, _streams) = (address, original, connections, streams);

    /// <summary>Takes its request from what the provider has received.</summary>
    /// <param name="system">Where the provider runs.</param>
    /// <param name="simulator">The provider.</param>
    /// <param name="original">A request that it took.</param>
    /// <param name="connections">Connections.</param>
    /// <param name="streams">Requests under way on each.</param>
    public static BareClient Of(BenchSystem system, string simulator, JsonObject original, int connections, int streams)
    {
        var endpoint = SimulatorCatalogue.Address(system.State.Simulators.First(program => program.Name == simulator).Ready!)!;
        var roots = new X509Certificate2Collection(X509CertificateLoader.LoadCertificateFromFile(system.State.TrustedCa!));
        return new BareClient(new Uri(endpoint, original["path"]!.GetValue<string>()), original, [.. Enumerable.Range(0, connections).Select(_ => Connect(roots))], streams);
    }

    /// <summary>How many a second the provider takes.</summary>
    public async Task<double> MeasureAsync(TimeSpan time, CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sending = _connections.SelectMany(connection => Enumerable.Range(0, _streams).Select(_ => SendAgainAndAgainAsync(connection, ending.Token, cancellation))).ToList();
        await Task.Delay(Settling, cancellation);
        var (started, before) = (TimeProvider.System.GetTimestamp(), Interlocked.Read(ref _taken));
        await Task.Delay(time, cancellation);
        var perSecond = (Interlocked.Read(ref _taken) - before) / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        await ending.CancelAsync();
        await Task.WhenAll(sending);
        return perSecond;
    }

    public void Dispose() => Array.ForEach(_connections, connection => connection.Dispose());

    private async Task SendAgainAndAgainAsync(HttpMessageInvoker connection, CancellationToken enough, CancellationToken cancellation)
    {
        // All begin side by side.
        await Task.Yield();
        // The last one is waited for: the provider might take it when it has begun to count the next sender's.
        while (!enough.IsCancellationRequested)
        {
            using var request = Copy();
            using var response = await connection.SendAsync(request, cancellation);
            await response.Content.CopyToAsync(Stream.Null, cancellation);
            if (!response.IsSuccessStatusCode)
                throw new BenchException($"The bare client was answered {(int)response.StatusCode} by {_address.Authority}.");
            Interlocked.Increment(ref _taken);
        }
    }

    private HttpRequestMessage Copy()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _address)
        {
            Version = _original["protocol"]!.GetValue<string>() == "HTTP/2" ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(BodyOf(_original)),
        };
        foreach (var (name, value) in _original["headers"]!.AsObject().Where(header => header.Key is not ("host" or "content-length")))
        {
            if (!request.Headers.TryAddWithoutValidation(name, value!.GetValue<string>()))
                request.Content.Headers.TryAddWithoutValidation(name, value!.GetValue<string>());
        }

        return request;
    }

    private static byte[] BodyOf(JsonObject request) =>
        request["bodyBase64"]?.GetValue<string>() is { } base64 ? Convert.FromBase64String(base64) : Encoding.UTF8.GetBytes(request["body"]!.GetValue<string>());

    private static HttpMessageInvoker Connect(X509Certificate2Collection roots) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        MaxConnectionsPerServer = 1,
        SslOptions = { CertificateChainPolicy = TrustedRoots.Policy(roots) },
    });
}
