using System.Net;
using System.Text;
using Sotto.FakeProvider;

namespace Simulators.Tests.Providers;

/// <summary>What a simulator answered.</summary>
internal sealed record Answer(int Status, string Body, IReadOnlyDictionary<string, string> Headers);

/// <summary>A bare HTTPS client with one connection, that trusts the simulator alone.</summary>
internal sealed class ProviderClient : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly Uri _endpoint;
    private readonly Version _version;

    public ProviderClient(Uri endpoint, SocketsHttpHandler handler, Version version)
    {
        handler.RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8;
        (_endpoint, _version, _http) = (endpoint, version, new(handler));
    }

    public static ProviderClient Http2(ProviderSimulator simulator) => new(simulator.Endpoint, simulator.CreateHandler(), HttpVersion.Version20);

    public static ProviderClient Http1(ProviderSimulator simulator) => new(simulator.Endpoint, simulator.CreateHandler(), HttpVersion.Version11);

    public Task<Answer> PostAsync(string path, string body, params (string Name, string Value)[] headers) =>
        SendAsync("POST", path, Encoding.UTF8.GetBytes(body), headers);

    public async Task<Answer> SendAsync(string method, string path, byte[] body, params (string Name, string Value)[] headers)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await SendAsync(method, path, body, patience.Token, headers);
    }

    public async Task<Answer> SendAsync(
        string method, string path, byte[] body, CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new(method), new Uri(_endpoint, path))
        {
            Version = _version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = method == "GET" ? null : new ByteArrayContent(body),
        };
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content!.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var answered = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key.ToLowerInvariant(), header => string.Join(", ", header.Value), StringComparer.Ordinal);
        return new((int)response.StatusCode, text, answered);
    }

    public void Dispose() => _http.Dispose();
}
