using System.Buffers.Text;
using System.Text.Json;
using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.VendorHttp;
using Sotto.WebPush;

namespace WebPushSender;

/// <summary>Hands one encrypted push to the server that its endpoint names.</summary>
internal sealed class WebPushPushProvider(
    WebPushClient client,
    EndpointRules rules,
    Servers servers,
    EndpointHistory history,
    TrustedServers trusted,
    WebPushSettings settings,
    TimeProvider clock) : IPushProvider
{
    // Google keeps messages for no longer (providers.md section 7.1).
    private static readonly TimeSpan TimeToLiveMax = TimeSpan.FromDays(28);

    public string Name => Provider.WebPush;

    public int InFlightMax => settings.InFlight;

    public async Task<DeliveryOutcome> SendAsync(EncryptedPush push, string deviceToken, CancellationToken cancellationToken)
    {
        var plaintext = WebPushPayload.Wrap(push.Payload);
        if (plaintext.Length > ContentEncryption.PlaintextBytesMax)
            return new DeliveryOutcome.PayloadBad("message too big");
        // The rules may have become stricter since the device subscribed.
        if (WebPushDevice.Open(deviceToken, rules) is not { } receiver)
            return new DeliveryOutcome.PayloadBad("endpoint not allowed");
        if (history.RestOf(push.DeviceId) is var rest && rest > TimeSpan.Zero)
            return new DeliveryOutcome.Postponed("endpoint left alone after many failures", rest);

        var gate = servers.GateOf(receiver.Endpoint);
        if (await EnterAsync(gate, cancellationToken) is not { } pass)
            return new DeliveryOutcome.Postponed("server busy or left alone", gate.PausedFor > Servers.TurnPatience ? gate.PausedFor : Servers.TurnPatience);
        return await SendAsync(push, receiver, plaintext, gate, pass, cancellationToken);
    }

    public DeviceReading Read(JsonElement serviceInfo) => WebPushDevice.Read(serviceInfo, rules);

    public void Dispose() => client.Dispose();

    private async Task<DeliveryOutcome> SendAsync(
        EncryptedPush push, WebPushSubscription receiver, byte[] plaintext, ProviderGate gate, GatePass pass, CancellationToken cancellationToken)
    {
        DeliveryOutcome? outcome = null;
        try
        {
            var timeToLive = push.ExpiresAt - clock.GetUtcNow();
            // It may have expired while it waited for its turn.
            if (timeToLive <= TimeSpan.Zero)
                return new DeliveryOutcome.Postponed(Silences.TooLate, TimeSpan.Zero);
            var message = new WebPushMessage(
                plaintext,
                timeToLive < TimeToLiveMax ? timeToLive : TimeToLiveMax,
                push.Urgency == PushUrgency.High ? WebPushUrgency.High : WebPushUrgency.Normal)
            {
                SendWithin = timeToLive,
                Topic = settings.CollapseRepeats ? Base64Url.EncodeToString(push.PushId.ToByteArray()) : null,
            };
            var response = await client.SendAsync(receiver, message, cancellationToken);
            outcome = WebPushOutcome.Of(response, receiver.Endpoint, clock.GetUtcNow());
            return history.Judge(push.DeviceId, response, WebPushOutcome.OfOneServer(outcome), trusted.Has(receiver.Endpoint));
        }
        finally
        {
            gate.Leave(pass, outcome);
        }
    }

    // Null when the server is left alone, or too many wait for it.
    private static async ValueTask<GatePass?> EnterAsync(ProviderGate gate, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Servers.TurnPatience);
        try
        {
            return await gate.EnterAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
