using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Sotto.Dev.Running;
using Sotto.FakePhone;
using Phone = Sotto.FakePhone.FakePhone;

namespace Sotto.Dev.Demo;

/// <summary>One phone of the demo, and what has become of its message.</summary>
/// <param name="service">The provider that reaches it, as clients name it.</param>
/// <param name="simulator">The simulator that plays the provider.</param>
/// <param name="route">How it asks.</param>
/// <param name="device">What it says of itself, as <see cref="SenderManifest.Phone"/>; null for what is known of the provider here.</param>
internal sealed class DemoPhone(string service, string simulator, Route route, JsonObject? device = null)
{
    // Messages between two people.
    private const int Namespace = 0;

    private readonly Phone _phone = Phone.Create();
    private readonly List<DemoMessage> _messages = [];

    /// <summary>The provider that reaches it, as clients name it.</summary>
    public string Service => service;

    /// <summary>The simulator that plays the provider.</summary>
    public string Simulator => simulator;

    /// <summary>Its account, in hex.</summary>
    public string Account => _phone.Account.Hex;

    /// <summary>The messages that were stored for it, in order.</summary>
    public IReadOnlyList<DemoMessage> Messages => _messages;

    /// <summary>Asks to be woken, straight or by onion request.</summary>
    public async Task SubscribeAsync(HttpMessageInvoker http, RunState state, CancellationToken cancellation)
    {
        var request = _phone.SubscribeRequest(service, [Namespace], wantData: true);
        if (simulator == SimulatorCatalogue.WebPush)
            request["service_info"] = await BrowserSubscriptionAsync(http, state, cancellation);
        if (device is not null)
            request["service_info"] = JsonNode.Parse(SenderManifest.Fill(device.ToJsonString(), Digits));
        var answer = await SubscriptionApi.PostAsync(http, state.Api!, SubscriptionApi.SubscribePath, request, route, cancellation);
        if (!answer.Success)
            throw new DevException($"The phone of {service} was refused: HTTP {answer.Status}, error {answer.Error}: {answer.Message}");
    }

    /// <summary>Stores a message for it in the simulated network.</summary>
    public async Task StoreMessageAsync(SwarmControl swarm, CancellationToken cancellation)
    {
        var now = TimeProvider.System.GetUtcNow();
        var text = $"Hello {service}, it is {now.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)}";
        _messages.Add(new DemoMessage(await swarm.StoreAsync(Account, Namespace, Encoding.UTF8.GetBytes(text), cancellation), text, now));
    }

    /// <summary>Opens what a provider received, if it can.</summary>
    public Notification? Open(JsonObject received)
    {
        // A push service cannot read what it carries; its simulator tells what the device read.
        var sealedText = Envelope.FindIn((received["opened"] ?? received["body"])?.GetValue<string>() ?? "");
        return sealedText is not null && _phone.TryOpen(sealedText, out var notification) ? notification : null;
    }

    private static string Digits(string name) => name.Split(':') is ["hex", var count] && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var digits)
        ? RandomNumberGenerator.GetHexString(digits, lowercase: true)
        : throw new DevException($"{{{name}}} is nothing that the phone of a sender.json can hold; it looks like {{hex:64}}.");

    // As a browser: asks the server for its key, and the push service for an endpoint that only the key's owner may use.
    private static async Task<JsonObject> BrowserSubscriptionAsync(HttpMessageInvoker http, RunState state, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(state.Api!, "/providers"));
        using var response = await http.SendAsync(request, cancellation);
        var providers = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellation))!.AsObject();
        var key = providers["webpush"]?["applicationServerKey"]?.GetValue<string>() ?? throw new DevException("The server does not say its key for Web Push.");
        return await ControlClient.Of(state, SimulatorCatalogue.WebPush).PostAsync("/subscriptions", new JsonObject { ["applicationServerKey"] = key }, cancellation);
    }

    /// <summary>True when the notification is of this message of this phone, whole.</summary>
    public bool IsOf(Notification notification, DemoMessage message) =>
        notification.Hash == message.Hash && notification.AccountHex == Account && notification.Namespace == Namespace
        && notification.Data is { } data && Encoding.UTF8.GetString(data) == message.Text;
}

/// <summary>A message in the simulated network.</summary>
/// <param name="Hash">What the network calls it.</param>
/// <param name="Text">What it says.</param>
/// <param name="StoredAt">When it was stored.</param>
internal sealed record DemoMessage(string Hash, string Text, DateTimeOffset StoredAt);
