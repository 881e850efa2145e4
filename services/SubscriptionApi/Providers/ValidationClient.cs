using System.Collections.Concurrent;
using MassTransit;
using MassTransit.RabbitMqTransport;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi.Providers;

/// <summary>Carries <see cref="ValidateDeviceToken"/> to a provider's sender and its answer back.</summary>
internal sealed class ValidationClient(IBus bus, ILogger<ValidationClient> logger)
{
    /// <summary>Longest sealed device token that is taken, in bytes: a token has at most 999 (session-v2 section 2.4), its JSON and its seal come on top.</summary>
    public const int SealedTokenBytesMax = 4_096;

    /// <summary>Size of a device id, in bytes.</summary>
    public const int DeviceIdSize = 32;

    // The caller's token ends the wait sooner; this also tells the broker when a question is not worth answering any more.
    private static readonly RequestTimeout MessageLifetime = RequestTimeout.After(m: 1);

    private readonly ConcurrentDictionary<string, IRequestClient<ValidateDeviceToken>> _clients = new(StringComparer.Ordinal);

    // Answers come by direct reply-to. To an exchange of our own they could come too late: when we have gone, the broker closes the channel of a sender that
    // answers to an exchange which is not there, and MassTransit 8.4.0 never finishes closing a channel in the middle of a message.
    private readonly Lazy<IClientFactory> _factory = new(() => bus.CreateReplyToClientFactory());

    /// <summary>Asks the provider's sender.</summary>
    /// <exception cref="NobodyThereException">No sender is running.</exception>
    /// <exception cref="OperationCanceledException">There was no answer in time.</exception>
    public async Task<DeviceAnswer> AskAsync(string provider, byte[] sealedServiceInfo, CancellationToken cancellationToken)
    {
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

    private IRequestClient<ValidateDeviceToken> Client(string provider) => _factory.Value.CreateRequestClient<ValidateDeviceToken>(ValidationQueue.AddressOf(provider));

    private static void AsFleetingAndMandatory(SendContext<ValidateDeviceToken> context)
    {
        context.Durable = false;
        if (context.TryGetPayload<RabbitMqSendContext>(out var rabbit))
            rabbit.Mandatory = true;
    }

    private DeviceAnswer Read(string provider, DeviceTokenValidated answer)
    {
        if (answer.ErrorCode != ErrorCode.None)
            return answer.ErrorMessage is { } message ? DeviceAnswer.Refused(answer.ErrorCode, message) : new DeviceAnswer(ItemAnswer.Failed);
        if (answer is { DeviceId.Length: DeviceIdSize, SealedDeviceToken.Length: > 0 and <= SealedTokenBytesMax })
            return new DeviceAnswer(null, answer.DeviceId, answer.SealedDeviceToken);
        logger.AnswerMalformed(provider);
        return new DeviceAnswer(ItemAnswer.Failed);
    }
}

/// <summary>No sender is running that could be asked.</summary>
internal sealed class NobodyThereException() : Exception("No sender of this provider is running.");
