using System.Collections.Concurrent;
using MassTransit;
using MassTransit.RabbitMqTransport;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi.Providers;

/// <summary>Carries <see cref="ValidateDeviceToken"/> to a provider's sender and its answer back.</summary>
internal sealed class ValidationClient
{
    /// <summary>Longest sealed device token that is taken, in bytes: a token has at most 999 (session-v2 section 2.4), its JSON and its seal come on top.</summary>
    public const int SealedTokenBytesMax = 4_096;

    /// <summary>Size of a device id, in bytes.</summary>
    public const int DeviceIdSize = 32;

    // The caller's token ends the wait sooner; this also tells the broker when a question is not worth answering any more.
    private static readonly RequestTimeout MessageLifetime = RequestTimeout.After(m: 1);

    private readonly ConcurrentDictionary<string, IRequestClient<ValidateDeviceToken>> _clients = new(StringComparer.Ordinal);

    // By which the senders' answers find this instance.
    private readonly string _answerTo = Guid.NewGuid().ToString("N");
    private readonly ILogger<ValidationClient> _logger;
    private readonly Lazy<HostReceiveEndpointHandle> _answers;

    public ValidationClient(IBus bus, ILogger<ValidationClient> logger)
    {
        _logger = logger;
        _answers = new(() => Listen(bus));
    }

    /// <summary>Asks the provider's sender.</summary>
    /// <exception cref="NobodyThereException">No sender is running.</exception>
    /// <exception cref="OperationCanceledException">There was no answer in time.</exception>
    public async Task<DeviceAnswer> AskAsync(string provider, byte[] sealedServiceInfo, CancellationToken cancellationToken)
    {
        await _answers.Value.Ready.WaitAsync(cancellationToken);
        var client = _clients.GetOrAdd(provider, Client);
        try
        {
            var response = await client.GetResponse<DeviceTokenValidated>(
                new ValidateDeviceToken { Provider = provider, SealedServiceInfo = sealedServiceInfo },
                request => request.UseExecute(AsFleetingAndMandatory),
                cancellationToken,
                MessageLifetime);
            return Read(provider, response.Message);
        }
        catch (RequestTimeoutException)
        {
            throw new OperationCanceledException();
        }
        catch (Exception e) when (e is MessageReturnedException or RequestException { InnerException: MessageReturnedException })
        {
            throw new NobodyThereException();
        }
    }

    private IRequestClient<ValidateDeviceToken> Client(string provider) =>
        _answers.Value.CreateClientFactory(MessageLifetime).CreateRequestClient<ValidateDeviceToken>(ValidationQueue.AddressOf(provider));

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

    private void AsFleetingAndMandatory(SendContext<ValidateDeviceToken> context)
    {
        context.Durable = false;
        context.ResponseAddress = ValidationQueue.AnswersAddress;
        context.Headers.Set(ValidationQueue.AnswerToHeader, _answerTo);
        if (context.TryGetPayload<RabbitMqSendContext>(out var rabbit))
            rabbit.Mandatory = true;
    }

    private DeviceAnswer Read(string provider, DeviceTokenValidated answer)
    {
        if (answer.ErrorCode != ErrorCode.None)
            return answer.ErrorMessage is { } message ? DeviceAnswer.Refused(answer.ErrorCode, message) : new DeviceAnswer(ItemAnswer.Failed);
        if (answer is { DeviceId.Length: DeviceIdSize, SealedDeviceToken.Length: > 0 and <= SealedTokenBytesMax })
            return new DeviceAnswer(null, answer.DeviceId, answer.SealedDeviceToken);
        _logger.AnswerMalformed(provider);
        return new DeviceAnswer(ItemAnswer.Failed);
    }
}

/// <summary>No sender is running that could be asked.</summary>
internal sealed class NobodyThereException() : Exception("No sender of this provider is running.");
