using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Sotto.Sodium;

namespace Sotto.SenderKit;

/// <summary>A real sender on a virtual host, and everything around it.</summary>
public sealed class SenderUnderTest : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sotto-sender-").FullName;
    private readonly Func<string[], WebApplication> _build;
    private WebApplication? _app;

    private SenderUnderTest(Func<string[], WebApplication> build, TestBroker broker, TestBus bus) => (_build, Broker, Bus, Queues) = (build, broker, bus, new QueueWatch(broker));

    public TestBroker Broker { get; }

    public TestBus Bus { get; }

    public QueueWatch Queues { get; }

    /// <summary>Fast for tests: one short rung, short pauses.</summary>
    public Dictionary<string, string> Settings { get; } = new(StringComparer.Ordinal)
    {
        ["Delivery:ParkingSeconds"] = "1,5,15,300",
        ["Delivery:CredentialPauseSeconds"] = "1",
        ["Delivery:RampUpSeconds"] = "1",
        ["Delivery:SuspectSeconds"] = "1",
        ["Log:Level"] = Environment.GetEnvironmentVariable("SENDER_LOG") ?? "Fatal",
    };

    /// <summary>Prepares a sender; it runs when <see cref="RunAsync"/> is called.</summary>
    /// <param name="build">The sender as its program builds it.</param>
    /// <param name="others">Where other services of the test are; null for a virtual host of its own.</param>
    public static async Task<SenderUnderTest> PrepareAsync(Func<string[], WebApplication> build, TestBroker? others = null)
    {
        var broker = others ?? await TestServers.CreateBrokerAsync();
        var sender = new SenderUnderTest(build, broker, await DeclareAndStartBusAsync(broker));
        sender.Settings["ConnectionStrings:RabbitMq"] = broker.Amqp.ToString();
        return sender;
    }

    /// <summary>Writes a file of the sender's and gives its path.</summary>
    public string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>The file of the private key that device tokens are sealed to.</summary>
    public string SealingKeyFile()
    {
        var path = Path.Combine(_folder, "sealing.key");
        if (!File.Exists(path))
            KeyFile.Write(path, PrivateKey);
        return path;
    }

    private static readonly byte[] PrivateKey = Convert.FromHexString("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");

    /// <summary>The public half of the sealing key.</summary>
    public static byte[] PublicKey { get; } = PublicKeyOf(PrivateKey);

    /// <summary>The device id, at this sender, of what it recognises a device by.</summary>
    public static byte[] DeviceId(string serviceId)
    {
        var key = new byte[32];
        Blake2b.Hash("sotto device id"u8, PrivateKey, key);
        var id = new byte[32];
        Blake2b.Hash(key, Encoding.UTF8.GetBytes(serviceId), id);
        return id;
    }

    /// <summary>A push as the Encryptor would make it.</summary>
    public static EncryptedPush Push(string provider, string token, TimeSpan? life = null, int payloadBytes = 296) =>
        Push(provider, new TestDevice(token), life, payloadBytes);

    /// <summary>A push as the Encryptor would make it.</summary>
    public static EncryptedPush Push(string provider, TestDevice device, TimeSpan? life = null, int payloadBytes = 296) => new()
    {
        PushId = Guid.NewGuid(),
        Provider = provider,
        DeviceId = DeviceId(device.ServiceId),
        SealedDeviceToken = SealedBox.Seal(JsonSerializer.SerializeToUtf8Bytes(new { token = device.Token }), PublicKey),
        Payload = RandomBytes(payloadBytes),
        ExpiresAt = TimeProvider.System.GetUtcNow() + (life ?? TimeSpan.FromHours(2)),
        HeardAt = TimeProvider.System.GetUtcNow(),
    };

    public static byte[] SealInfo(string json) => SealedBox.Seal(Encoding.UTF8.GetBytes(json), PublicKey);

    /// <summary>Declares the provider's queue as a source does, before any sender has run.</summary>
    public async Task DeclarePushQueueAsync(string provider)
    {
        await using var declaring = new Sotto.Hosting.Bus.Broker(Broker.Amqp, "test");
        await declaring.WithChannelAsync(channel => Sotto.Hosting.Bus.BusTopology.DeclarePushQueueAsync(channel, provider, CancellationToken.None), CancellationToken.None);
    }

    public async Task RunAsync()
    {
        _app = _build([.. Settings.Select(setting => $"--{setting.Key}={setting.Value}")]);
        await _app.StartAsync();
    }

    /// <summary>What the sender says at its health address.</summary>
    public Task<string> HealthAsync() => ReadAsync("/health/ready");

    /// <summary>What the sender says at its address for health and metrics.</summary>
    public async Task<string> ReadAsync(string path)
    {
        using var http = new HttpMessageInvoker(new SocketsHttpHandler());
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(_app!.Urls.First()), path));
        using var response = await http.SendAsync(request, CancellationToken.None);
        return await response.Content.ReadAsStringAsync();
    }

    public async Task StopAsync()
    {
        if (_app is null)
            return;
        await _app.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Bus.DisposeAsync();
        await Queues.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        RandomSource.Fill(bytes);
        return bytes;
    }

    private static byte[] PublicKeyOf(byte[] privateKey)
    {
        var key = new byte[32];
        X25519.PublicKey(privateKey, key);
        return key;
    }

    private static async Task<TestBus> DeclareAndStartBusAsync(TestBroker broker)
    {
        await using var declaring = new Sotto.Hosting.Bus.Broker(broker.Amqp, "test");
        await declaring.WithChannelAsync(channel => Sotto.Hosting.Bus.BusTopology.DeclareAsync(channel, CancellationToken.None), CancellationToken.None);
        return await TestBus.StartAsync(broker.Amqp);
    }
}
