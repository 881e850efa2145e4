using System.Text;
using Sotto.Sodium;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi.Providers;

/// <summary>
/// Asks the providers' senders about the devices of one request. A device that several items name is asked about once. All questions of a request together may
/// take <see cref="ApiSettings.ValidationTimeout"/>; after that every further one is answered as timed out. Items may ask at the same time.
/// </summary>
internal sealed class DeviceInquiry : IDisposable
{
    private readonly SealingKeys _keys;
    private readonly ProviderDirectory _providers;
    private readonly ValidationClient _client;
    private readonly CancellationTokenSource _patience;
    private readonly Dictionary<(string Provider, string Info), Task<DeviceAnswer>> _answers = [];

    private DeviceInquiry(SealingKeys keys, ProviderDirectory providers, ValidationClient client, TimeSpan timeout)
    {
        (_keys, _providers, _client) = (keys, providers, client);
        _patience = new CancellationTokenSource(timeout);
    }

    /// <summary>What the sender makes of the device that <paramref name="serviceInfo"/> describes.</summary>
    public async Task<DeviceAnswer> AskAsync(string provider, ReadOnlyMemory<byte> serviceInfo, CancellationToken cancellationToken)
    {
        if (!CompactJson.TryWrite(serviceInfo, out var info))
            return DeviceAnswer.Refused(ErrorCode.Error, "Invalid service_info: nested too deeply");
        var question = (provider, Encoding.UTF8.GetString(info));
        Task<DeviceAnswer>? answer;
        lock (_answers)
        {
            if (!_answers.TryGetValue(question, out answer))
                _answers[question] = answer = AskSenderAsync(provider, info, cancellationToken);
        }

        return await answer;
    }

    public void Dispose() => _patience.Dispose();

    private async Task<DeviceAnswer> AskSenderAsync(string provider, byte[] info, CancellationToken cancellationToken)
    {
        if (_keys.Find(provider) is not { } key)
            return new DeviceAnswer(ProviderDirectory.NotAvailable(provider));
        if (_patience.IsCancellationRequested)
            return TimedOut(provider);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_patience.Token, cancellationToken);
        try
        {
            return await _client.AskAsync(provider, SealedBox.Seal(info, key), ending.Token);
        }
        catch (NobodyThereException)
        {
            _providers.Forget(provider);
            return new DeviceAnswer(ProviderDirectory.NotAvailable(provider));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return TimedOut(provider);
        }
    }

    private static DeviceAnswer TimedOut(string provider) =>
        DeviceAnswer.Refused(ErrorCode.ServiceTimeout, $"Timeout waiting for {provider} notification service");

    /// <summary>Begins an inquiry for each request.</summary>
    internal sealed class Factory(SealingKeys keys, ProviderDirectory providers, ValidationClient client, ApiSettings settings)
    {
        public DeviceInquiry Begin() => new(keys, providers, client, settings.ValidationTimeout);
    }
}

/// <summary>What a sender made of a device: either a refusal, or what its token is known by from now on.</summary>
/// <param name="Refusal">The answer for the client when the device is not taken.</param>
/// <param name="DeviceId">32 bytes; empty on refusal.</param>
/// <param name="SealedDeviceToken">The device token, sealed by the sender to itself; empty on refusal.</param>
internal sealed record DeviceAnswer(ItemAnswer? Refusal, byte[] DeviceId, byte[] SealedDeviceToken)
{
    public DeviceAnswer(ItemAnswer refusal)
        : this(refusal, [], [])
    {
    }

    public static DeviceAnswer Refused(int code, string message) => new(ItemAnswer.Refusal(code, message));

    /// <summary>Never the content.</summary>
    public override string ToString() => nameof(DeviceAnswer);
}
