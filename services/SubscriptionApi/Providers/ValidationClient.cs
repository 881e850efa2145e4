using System.Collections.Concurrent;
using MassTransit;
using MassTransit.RabbitMqTransport;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi.Providers;

/// <summary>
/// Carries <see cref="ValidateDeviceToken"/> to a provider's sender and its answer back. Questions that wait at the same moment travel together, and so do their answers: of what a
/// subscription costs, the bus would otherwise be the largest part. Thread-safe.
/// </summary>
internal sealed class ValidationClient
{
    /// <summary>Longest sealed device token that is taken, in bytes: a token has at most 999 (session-v2 section 2.4), each of which may take six in its JSON, and a seal of 48 comes on top.</summary>
    public const int SealedTokenBytesMax = 8_192;

    /// <summary>Size of a device id, in bytes.</summary>
    public const int DeviceIdSize = 32;

    /// <summary>Most frames of questions that are under way to one provider's senders.</summary>
    public const int FramesInFlightMax = 4;

    /// <summary>Most questions that wait for each provider; more are answered as timed out at once.</summary>
    public const int WaitingMax = 16_384;

    private readonly ConcurrentDictionary<string, Gathering<byte[], DeviceAnswer>> _lines = new(StringComparer.Ordinal);

    // By which the senders' answers find this instance.
    private readonly string _answerTo = Guid.NewGuid().ToString("N");

    // Nobody waits for an answer longer than this; it also tells the broker when a question is not worth answering any more.
    private readonly RequestTimeout _lifetime;
    private readonly ILogger<ValidationClient> _logger;
    private readonly Lazy<HostReceiveEndpointHandle> _answers;

    public ValidationClient(IBus bus, ApiSettings settings, ILogger<ValidationClient> logger)
    {
        _lifetime = RequestTimeout.After(ms: (int)settings.ValidationTimeout.TotalMilliseconds);
        _logger = logger;
        _answers = new(() => Listen(bus));
    }

    /// <summary>Asks the provider's sender.</summary>
    /// <exception cref="NobodyThereException">No sender is running.</exception>
    /// <exception cref="OperationCanceledException">There was no answer in time, or too many wait for one.</exception>
    public async Task<DeviceAnswer> AskAsync(string provider, byte[] sealedServiceInfo, CancellationToken cancellationToken)
    {
        await _answers.Value.Ready.WaitAsync(cancellationToken);
        try
        {
            return await _lines.GetOrAdd(provider, LineTo).DoAsync(sealedServiceInfo, cancellationToken);
        }
        catch (Exception e) when (e is RequestTimeoutException or GatheringFullException)
        {
            throw new OperationCanceledException();
        }
        catch (Exception e) when (e is MessageReturnedException or RequestException { InnerException: MessageReturnedException })
        {
            throw new NobodyThereException();
        }
    }

    private Gathering<byte[], DeviceAnswer> LineTo(string provider)
    {
        var client = _answers.Value.CreateClientFactory(_lifetime).CreateRequestClient<Frame<ValidateDeviceToken>>(ValidationQueue.AddressOf(provider));
        return new(FrameLimits.ItemsMax, FramesInFlightMax, WaitingMax, questions => AskAsync(client, provider, questions));
    }

    private async Task<IReadOnlyList<DeviceAnswer>> AskAsync(IRequestClient<Frame<ValidateDeviceToken>> client, string provider, IReadOnlyList<byte[]> questions)
    {
        var frame = new Frame<ValidateDeviceToken> { Items = [.. questions.Select(question => new ValidateDeviceToken { Provider = provider, SealedServiceInfo = question })] };
        var response = await client.GetResponse<Frame<DeviceTokenValidated>>(frame, request => request.UseExecute(AsFleetingAndMandatory), CancellationToken.None, _lifetime);
        if (response.Message.Items is { } answers && answers.Count == questions.Count)
            return [.. answers.Select(answer => Read(provider, answer))];
        _logger.AnswerMalformed(provider);
        return [.. questions.Select(_ => new DeviceAnswer(ItemAnswer.Failed))];
    }

    private HostReceiveEndpointHandle Listen(IBus bus) =>
        bus.ConnectReceiveEndpoint($"{BusTopology.ApiAnswers}.{_answerTo}", endpoint =>
        {
            endpoint.ConfigureConsumeTopology = false;
            endpoint.DiscardSkippedMessages();
            if (endpoint is not IRabbitMqReceiveEndpointConfigurator queue)
                return;
            queue.Durable = false;
            queue.AutoDelete = true;
            queue.Bind(BusTopology.ApiAnswers, binding =>
            {
                binding.ExchangeType = RabbitMQ.Client.ExchangeType.Direct;
                binding.RoutingKey = _answerTo;
            });
        });

    private void AsFleetingAndMandatory(SendContext<Frame<ValidateDeviceToken>> context)
    {
        context.Durable = false;
        context.ResponseAddress = ValidationQueue.AnswersAddress;
        context.Headers.Set(ValidationQueue.AnswerToHeader, _answerTo);
        if (context.TryGetPayload<RabbitMqSendContext>(out var rabbit))
            rabbit.Mandatory = true;
    }

    // The wire can carry a null where the contract has none.
    private DeviceAnswer Read(string provider, DeviceTokenValidated? answer)
    {
        if (answer is { ErrorCode: not ErrorCode.None })
            return answer.ErrorMessage is { } message ? DeviceAnswer.Refused(answer.ErrorCode, message) : new DeviceAnswer(ItemAnswer.Failed);
        if (answer is { DeviceId.Length: DeviceIdSize, SealedDeviceToken.Length: > 0 and <= SealedTokenBytesMax })
            return new DeviceAnswer(null, answer.DeviceId, answer.SealedDeviceToken);
        _logger.AnswerMalformed(provider);
        return new DeviceAnswer(ItemAnswer.Failed);
    }
}

/// <summary>No sender is running that could be asked.</summary>
internal sealed class NobodyThereException() : Exception("No sender of this provider is running.");
