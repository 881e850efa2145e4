using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MassTransit;
using Sotto.Contracts;

namespace Sotto.Delivery;

/// <summary>Answers the SubscriptionApi's question whether a provider takes a device (session-v2 sections 7.3 and 8).</summary>
/// <remarks>The SubscriptionApi sends its questions in frames; an operator's tool asks one at a time.</remarks>
internal sealed class DeviceTokenValidationConsumer(PushApps apps, DeviceTokens tokens) : IConsumer<Frame<ValidateDeviceToken>>, IConsumer<ValidateDeviceToken>
{
    // Error codes of session-v2 section 2.3.
    private const int BadInput = 1;
    private const int Error = 4;

    // Bounds of a service id in bytes, session-v2 section 2.4.
    private const int ServiceIdBytesMin = 32;
    private const int ServiceIdBytesMax = 999;

    public Task Consume(ConsumeContext<ValidateDeviceToken> context) => context.RespondAsync(Answer(context.Message));

    public Task Consume(ConsumeContext<Frame<ValidateDeviceToken>> context) =>
        context.RespondAsync(new Frame<DeviceTokenValidated> { Items = [.. context.Message.Items.Select(AnswerAlone)] });

    // What one question does to us is no business of its neighbours.
    private DeviceTokenValidated AnswerAlone(ValidateDeviceToken? question)
    {
        try
        {
            return Answer(question);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Refused(Error, $"The {apps.ProviderName} notification service could not read the request");
        }
    }

    // The wire can carry nulls where the contract has none.
    private DeviceTokenValidated Answer(ValidateDeviceToken? question)
    {
        if (question?.SealedServiceInfo is null || !tokens.TryOpenContent(question.SealedServiceInfo, out var serviceInfo))
            return Refused(Error, $"The {apps.ProviderName} notification service could not read the request");
        try
        {
            using var json = JsonDocument.Parse(serviceInfo);
            return Answer(json.RootElement);
        }
        // The exception may quote the text.
        catch (JsonException)
        {
            return Refused(Error, "Invalid service_info: not JSON");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(serviceInfo);
        }
    }

    private DeviceTokenValidated Answer(JsonElement serviceInfo)
    {
        if (serviceInfo.ValueKind != JsonValueKind.Object)
            return Refused(Error, "Invalid service_info: expected an object");
        if (ReadApp(serviceInfo, out var name) is { } refusal)
            return refusal;
        if (apps.Find(name) is not { } app)
            return name is null ? Refused(BadInput, $"Error: missing required key '{AppName.Key}'") : Refused(Error, $"Unknown app for {apps.ProviderName}");
        var device = app.Provider.Read(serviceInfo);
        if (device.Sentence is { } sentence)
            return Refused(device.ErrorCode, sentence);
        if (Encoding.UTF8.GetByteCount(device.ServiceId) is < ServiceIdBytesMin or > ServiceIdBytesMax)
            return Refused(Error, "Invalid token: unexpected length");
        return new DeviceTokenValidated
        {
            ErrorCode = 0,
            DeviceId = tokens.DeviceId(device.ServiceId),
            SealedDeviceToken = tokens.Seal(device.Token, device.ServiceId, name),
        };
    }

    private static DeviceTokenValidated? ReadApp(JsonElement serviceInfo, out string? name)
    {
        name = null;
        if (!serviceInfo.TryGetProperty(AppName.Key, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        name = DeviceReading.TextOf(value);
        return name is not null && AppName.IsWellFormed(name) ? null : Refused(Error, "Invalid app: expected a name of a-z, 0-9 and hyphens");
    }

    private static DeviceTokenValidated Refused(int code, string sentence) => new() { ErrorCode = code, ErrorMessage = sentence };
}
