using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sotto.OnionRequests;
using Sotto.Sodium;
using SubscriptionApi.Providers;

namespace SubscriptionApi.Tests.Support;

/// <summary>The real service on a real port, with a database and a broker of its own, and a stand-in for the senders.</summary>
internal sealed class ApiUnderTest : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sotto-api-").FullName;
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());
    private WebApplication? _app;

    private ApiUnderTest(TestBroker broker, string database, byte[] onionKey)
    {
        (Broker, BrokerAddress, Database) = (broker, broker.Amqp, database);
        Keys = Directory.CreateDirectory(Path.Combine(_folder, "keys")).FullName;
        Encryptor = SealingKeyPair.Generate();
        KeyFile.WritePublicKey(Path.Combine(Keys, "encryptor.pub"), Encryptor.PublicKey.Span);
        OnionKeyFile = Path.Combine(_folder, "onion.key");
        KeyFile.Write(OnionKeyFile, onionKey);
        using var pair = OnionKey.FromPrivateKey(onionKey);
        OnionPublicKey = pair.PublicKey.ToArray();
        Providers = new ProviderStandIn(broker.Amqp, Keys);
        Data = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database) { SearchPath = "subscription_api" });
    }

    public TestBroker Broker { get; }

    /// <summary>Where the service finds the broker; a test may put something between.</summary>
    public Uri BrokerAddress { get; set; }

    public string Database { get; }

    public string Keys { get; }

    public string OnionKeyFile { get; }

    public byte[] OnionPublicKey { get; }

    public SealingKeyPair Encryptor { get; }

    public ProviderStandIn Providers { get; }

    /// <summary>The service's own tables.</summary>
    public NpgsqlDataSource Data { get; }

    public HttpMessageInvoker Http => _http;

    /// <summary>First the one for health and metrics, then the one for clients.</summary>
    public IReadOnlyList<Uri> Addresses { get; private set; } = [];

    public Uri Address => Addresses[^1];

    public IServiceProvider Services => _app!.Services;

    public static async Task<ApiUnderTest> CreateAsync(byte[]? onionKey = null)
    {
        var broker = await TestServers.CreateBrokerAsync();
        return new ApiUnderTest(broker, await TestServers.CreateDatabaseAsync(), onionKey ?? RandomKey());
    }

    /// <summary>With the providers that the vectors have, and started.</summary>
    public static async Task<ApiUnderTest> StartedAsync(TimeProvider? clock = null, byte[]? onionKey = null, params string[] settings)
    {
        var api = await CreateAsync(onionKey);
        await api.Providers.StartAsync("apns", "apns-sandbox", "firebase");
        await api.StartAsync(clock, settings);
        return api;
    }

    public Task StartAsync(TimeProvider? clock = null, params string[] settings) =>
        StartAsync(services => services.AddSingleton(clock ?? TimeProvider.System), settings);

    public async Task StartAsync(Action<IServiceCollection> replace, params string[] settings)
    {
        _app = Program.Build(Arguments(settings), replace);
        await _app.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);
        Addresses = [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))];
    }

    public async Task StopAsync()
    {
        if (_app is null)
            return;
        // As the host does when it is told to end.
        await _app.StopAsync(new CancellationTokenSource(Eventually.Patience).Token);
        await _app.DisposeAsync();
        _app = null;
    }

    public string[] Arguments(params string[] settings) =>
    [
        $"--ConnectionStrings:RabbitMq={BrokerAddress}",
        $"--ConnectionStrings:Postgres={Database}",
        "--Api:Urls=http://127.0.0.1:0",
        $"--Onion:PrivateKeyFile={OnionKeyFile}",
        $"--Sealing:PublicKeysFolder={Keys}",
        "--Log:Level=Warning",
        .. settings,
    ];

    /// <summary>Posts a body as it is and reads JSON, which every answer of the plain routes is.</summary>
    public async Task<JsonElement> PostAsync(string path, string body) => await PostAsync(path, new ByteArrayContent(Encoding.UTF8.GetBytes(body)));

    public async Task<JsonElement> PostAsync(string path, HttpContent? content)
    {
        using var response = await SendAsync(HttpMethod.Post, path, content);
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/json"));
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        return json.RootElement.Clone();
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, path)) { Content = content };
        return await _http.SendAsync(request, new CancellationTokenSource(Eventually.Patience).Token);
    }

    /// <summary>One value of the service's tables.</summary>
    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = Data.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Providers.DisposeAsync();
        await Data.DisposeAsync();
        Encryptor.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static byte[] RandomKey()
    {
        var key = new byte[32];
        RandomSource.Fill(key);
        return key;
    }
}
