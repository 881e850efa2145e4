using System.Text.Json;
using Encryptor;
using MassTransit.Serialization;
using Sotto.Contracts;
using SwarmListener.Storage;

namespace Fuzz;

internal static partial class Targets
{
    private static IReadOnlyList<string> BusWords =>
    [
        .. JsonWords, "\"message\":", "\"items\":[", "\"account\":\"AAAA\"", "\"pushId\":", "\"messageHash\":", "\"namespace\":", "\"expiresAt\":\"9999-12-31T23:59:59Z\"", "\"revision\":", "\"withdrawn\":true",
        "\"namespaces\":[", "\"authorization\":{",
    ];

    /// <summary>What consumers read: the frame out of its envelope, and each item as its consumer looks at it.</summary>
    private static IReadOnlyList<FuzzTarget> BusMessages =>
    [
        new("bus-message-arrived", BusWords, input => Frame<MessageArrived>(input, item =>
            ArrivedMessage.Read(item, Now, TimeSpan.FromDays(14), out var message) ?? $"message {message.PushExpiresAt > Now}")) { AllocatedBytesMax = 256 * 1024, AllocatedPerByteMax = 256 },
        new("bus-subscription-changed", BusWords, input => Frame<SubscriptionChanged>(input, item =>
            item is null ? "nothing" : SubscriptionRow.From(item, out var reason) is null ? reason : "row")) { AllocatedBytesMax = 256 * 1024, AllocatedPerByteMax = 256 },
        new("bus-encrypted-push", BusWords, input => Frame<EncryptedPush>(input, item => item is null ? "nothing" : $"push {item.DeviceId?.Length} {item.Attempt < 0}"))
        {
            AllocatedBytesMax = 256 * 1024, AllocatedPerByteMax = 256,
        },
    ];

    private static string Frame<T>(byte[] input, Func<T?, string> read)
        where T : class
    {
        try
        {
            var envelope = JsonSerializer.Deserialize<BusEnvelope<T>>(input, SystemTextJsonMessageSerializer.Options);
            return envelope?.Message?.Items is { } items ? string.Join(';', items.Take(4).Select(item => read(item))) : "no frame";
        }
        // The bus sets aside what it cannot read.
        catch (JsonException)
        {
            return "not an envelope";
        }
    }

    private sealed record BusEnvelope<T>(Guid MessageId, string[]? MessageType, Frame<T>? Message)
        where T : class;
}
