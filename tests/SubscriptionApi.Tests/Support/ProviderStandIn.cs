using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using Sotto.Sodium;

namespace SubscriptionApi.Tests.Support;

/// <summary>Stands where the senders stand: answers <see cref="ValidateDeviceToken"/> on the real bus as session-v2 sections 7.3 and 8 say, and can be told to misbehave.</summary>
internal sealed class ProviderStandIn : IAsyncDisposable
{
    private readonly Uri _address;
    private readonly string _keysFolder;
    private readonly Dictionary<string, SealingKeyPair> _keys = new(StringComparer.Ordinal);
    private readonly byte[] _deviceIdKey;
    private IBusControl? _bus;
    private int _asked;

    public ProviderStandIn(Uri address, string keysFolder, byte[]? deviceIdKey = null) =>
        (_address, _keysFolder, _deviceIdKey) = (address, keysFolder, deviceIdKey ?? RandomNumberGenerator.GetBytes(32));

    /// <summary>How many questions came.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Replaces the answer; null leaves a question without one.</summary>
    public Func<ValidateDeviceToken, DeviceTokenValidated?>? Bend { get; set; }

    /// <summary>Starts to serve these providers and publishes their keys.</summary>
    public async Task StartAsync(params string[] providers)
    {
        foreach (var provider in providers)
            PublishKey(provider);
        _bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(_address);
            foreach (var provider in providers)
            {
                rabbit.ReceiveEndpoint(Provider.ValidationQueue(provider), endpoint =>
                {
                    endpoint.UseValidationQueue(provider);
                    endpoint.PrefetchCount = 64;
                    endpoint.Handler<Frame<ValidateDeviceToken>>(AnswerAsync);
                    endpoint.Handler<ValidateDeviceToken>(AnswerOneAsync);
                });
            }
        });
        await _bus.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);
    }

    /// <summary>A second instance of the same senders, with their keys.</summary>
    public ProviderStandIn Another()
    {
        var another = new ProviderStandIn(_address, _keysFolder, _deviceIdKey);
        foreach (var (provider, key) in _keys)
            another._keys[provider] = key;
        return another;
    }

    /// <summary>From now on the provider's sender has another key.</summary>
    public void ChangeKey(string provider)
    {
        _keys[provider] = SealingKeyPair.Generate();
        PublishKey(provider);
    }

    public async Task StopAsync()
    {
        if (_bus is not null)
            await _bus.StopAsync(new CancellationTokenSource(Eventually.Patience).Token);
        _bus = null;
    }

    /// <summary>Makes the provider known without serving it.</summary>
    public void PublishKey(string provider)
    {
        if (!_keys.ContainsKey(provider))
            _keys[provider] = SealingKeyPair.Generate();
        KeyFile.WritePublicKey(Path.Combine(_keysFolder, provider + ".pub"), _keys[provider].PublicKey.Span);
    }

    /// <summary>The token that the sender sealed to itself.</summary>
    public string OpenToken(string provider, byte[] sealedToken)
    {
        Assert.That(SealedBox.TryOpen(sealedToken, _keys[provider], out var message), Is.True);
        using var json = JsonDocument.Parse(message!);
        return json.RootElement.Text("token");
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    // One question without an answer leaves its whole frame without one.
    private async Task AnswerAsync(ConsumeContext<Frame<ValidateDeviceToken>> context)
    {
        var answers = context.Message.Items.Select(Answer).ToList();
        if (answers.TrueForAll(answer => answer is not null))
            await context.RespondAsync(new Frame<DeviceTokenValidated> { Items = answers! }, send => send.SetRoutingKey(AnswerTo(context)));
    }

    private async Task AnswerOneAsync(ConsumeContext<ValidateDeviceToken> context)
    {
        if (Answer(context.Message) is { } answer)
            await context.RespondAsync(answer, send => send.SetRoutingKey(AnswerTo(context)));
    }

    private static string AnswerTo(MessageContext context) => context.Headers.Get<string>(ValidationQueue.AnswerToHeader) ?? "";

    private DeviceTokenValidated? Answer(ValidateDeviceToken question)
    {
        Interlocked.Increment(ref _asked);
        return Bend is { } bend ? bend(question) : Judge(question);
    }

    public DeviceTokenValidated Judge(ValidateDeviceToken question)
    {
        if (!SealedBox.TryOpen(question.SealedServiceInfo, _keys[question.Provider], out var info))
            return Refuse(4, $"The {question.Provider} notification service could not read the request");
        using var json = JsonDocument.Parse(info);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
            return Refuse(4, "service_info is not an object");
        if (!json.RootElement.TryGetProperty("token", out var member))
            return Refuse(1, "Error: missing required key 'token'");
        if (member.ValueKind != JsonValueKind.String)
            return Refuse(4, "token is not a string");
        var token = member.GetString()!;
        if (question.Provider.StartsWith("apns", StringComparison.Ordinal) && token.EnumerateRunes().Count() != 64)
            return Refuse(4, $"Invalid token: expected length-64 device token, not {token.EnumerateRunes().Count()}");
        if (token.Length == 0)
            return Refuse(4, "Invalid firebase device token");
        if (Encoding.UTF8.GetByteCount(token) is < 32 or > 999)
            return Refuse(4, "An error occured while processing your request");
        return Accept(question.Provider, token);
    }

    private DeviceTokenValidated Accept(string provider, string token) => new()
    {
        ErrorCode = 0,
        DeviceId = HMACSHA256.HashData(_deviceIdKey, Encoding.UTF8.GetBytes($"{provider} {token}")),
        SealedDeviceToken = SealedBox.Seal(JsonSerializer.SerializeToUtf8Bytes(new { token }), _keys[provider].PublicKey.Span),
    };

    private static DeviceTokenValidated Refuse(int code, string message) => new() { ErrorCode = code, ErrorMessage = message };
}
