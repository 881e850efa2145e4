using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Delivery;

/// <summary>Answers the SubscriptionApi's question whether a provider takes a device (session-v2 sections 7.3 and 8).</summary>
/// <remarks>The SubscriptionApi sends its questions in frames; an operator's tool asks one at a time.</remarks>
internal sealed class DeviceTokenValidationConsumer(PushApps apps, DeviceTokens tokens) : IConsumer<Frame<ValidateDeviceToken>>, IConsumer<ValidateDeviceToken>
{
    // Error code of session-v2 section 2.3.
    private const int Error = 4;

    // Bounds of a service id in bytes, session-v2 section 2.4.
    private const int ServiceIdBytesMin = 32;
    private const int ServiceIdBytesMax = 999;

    public Task Consume(ConsumeContext<ValidateDeviceToken> context) => RespondAsync(context, Answer(context.Message));

    public Task Consume(ConsumeContext<Frame<ValidateDeviceToken>> context) =>
        RespondAsync(context, new Frame<DeviceTokenValidated> { Items = [.. context.Message.Items.Select(AnswerAlone)] });

    private static Task RespondAsync<T>(ConsumeContext context, T answer)
        where T : class =>
        context.RespondAsync(answer, send => send.SetRoutingKey(context.Headers.Get<string>(ValidationQueue.AnswerToHeader) ?? ""));

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
            string? app = null;
            return Answer(DeviceReading.Parse(serviceInfo, info => Read(info, ref app)), app);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(serviceInfo);
        }
    }

    private DeviceTokenValidated Answer(DeviceReading device, string? app)
    {
        if (device.Sentence is { } sentence)
            return Refused(device.ErrorCode, sentence);
        if (Encoding.UTF8.GetByteCount(device.ServiceId) is < ServiceIdBytesMin or > ServiceIdBytesMax)
            return Refused(Error, "Invalid token: unexpected length");
        return new DeviceTokenValidated
        {
            ErrorCode = 0,
            DeviceId = tokens.DeviceId(device.ServiceId),
            SealedDeviceToken = tokens.Seal(device.Token, device.ServiceId, app),
        };
    }

    private DeviceReading Read(JsonElement serviceInfo, ref string? name)
    {
        if (serviceInfo.TryGetProperty(AppName.Key, out var value) && value.ValueKind != JsonValueKind.Null)
        {
            name = DeviceReading.TextOf(value);
            if (name is null || !AppName.IsWellFormed(name))
                return DeviceReading.Refused("Invalid app: expected a name of a-z, 0-9 and hyphens");
        }

        if (apps.Find(name) is { } app)
            return app.Provider.Read(serviceInfo);
        return name is null ? DeviceReading.Lacks(AppName.Key) : DeviceReading.Refused($"Unknown app for {apps.ProviderName}");
    }

    private static DeviceTokenValidated Refused(int code, string sentence) => new() { ErrorCode = code, ErrorMessage = sentence };
}
