using System.Text;
using System.Text.Json;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using Sotto.Sodium;
using SubscriptionApi.Providers;
using SubscriptionApi.Subscriptions;

namespace Sotto.Cli.Import;

/// <summary>
/// Asks the providers' senders about device tokens, over the bus, like the SubscriptionApi does. Only they can say by what a device is known from now on: the key
/// of that hash is theirs alone.
/// </summary>
internal sealed class SenderInquiry(ValidationClient client, SealingKeys keys, Broker broker, TimeProvider clock)
{
    /// <summary>How long one answer is waited for (session-v2 section 7.3).</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(15);

    /// <summary>How long a sender may be away, being restarted perhaps, before the import stops.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>What a sender says of a question that is sealed to another key, or that it fails on. It says so of no token.</summary>
    internal const string Unreadable = "notification service could not read the request";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Null when there is a key and a sender of this service; else what is missing, as a sentence.</summary>
    public async Task<string?> FindMissingAsync(string service, CancellationToken cancellationToken)
    {
        if (!Provider.IsWellFormed(service) || keys.Find(service) is null)
            return $"there is no public key {service}.pub";
        return await broker.HasConsumerAsync(Provider.ValidationQueue(service), cancellationToken) ? null : $"no sender of {service} is running";
    }

    /// <summary>What the sender makes of the token.</summary>
    /// <exception cref="OperatorException">No sender answered for <see cref="Patience"/>, or one could not read the question, or its answer cannot be read.</exception>
    public async Task<DeviceAnswer> AskAsync(string service, string token, CancellationToken cancellationToken)
    {
        var key = keys.Find(service) ?? throw new OperatorException($"The public key {service}.pub is gone.");
        var info = JsonSerializer.SerializeToUtf8Bytes(new TokenInfo(token));
        var begun = clock.GetTimestamp();
        while (true)
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            ending.CancelAfter(AnswerTimeout);
            try
            {
                var answer = await client.AskAsync(service, SealedBox.Seal(info, key), ending.Token);
                return IsOfTheToken(answer) ? answer : throw new OperatorException(
                    $"The sender of {service} cannot read what it is asked, or its answers cannot be read: {service}.pub is of another key than its own, or it is of another version. Mend that and run this again: it goes on where it stopped.");
            }
            catch (Exception e) when (e is NobodyThereException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                if (clock.GetElapsedTime(begun) > Patience)
                    throw new OperatorException($"The sender of {service} does not answer. Start it and run this again: it goes on where it stopped.");
            }

            await Task.Delay(Pause, clock, cancellationToken);
        }
    }

    private static bool IsOfTheToken(DeviceAnswer answer) =>
        answer.Refusal is not { } refusal || (refusal != ItemAnswer.Failed && !Encoding.UTF8.GetString(refusal.Json.Span).Contains(Unreadable, StringComparison.Ordinal));

    private sealed record TokenInfo([property: System.Text.Json.Serialization.JsonPropertyName("token")] string Token)
    {
        public override string ToString() => "[REDACTED]";
    }
}
