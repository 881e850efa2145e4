using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sotto.FakePhone;
using Phone = Sotto.FakePhone.FakePhone;

namespace Sotto.Dev.Demo;

/// <summary>One phone of the demo, and what has become of its message.</summary>
internal sealed class DemoPhone(string service, string simulator, Route route)
{
    // Messages between two people.
    private const int Namespace = 0;

    private readonly Phone _phone = Phone.Create();
    private readonly string _text = $"Hello {service}, it is {TimeProvider.System.GetUtcNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)}";

    /// <summary>The provider that reaches it, as clients name it.</summary>
    public string Service => service;

    /// <summary>The simulator that plays the provider.</summary>
    public string Simulator => simulator;

    /// <summary>Its account, in hex.</summary>
    public string Account => _phone.Account.Hex;

    /// <summary>The hash that the network gave the message.</summary>
    public string Hash { get; private set; } = "";

    /// <summary>When the message was stored.</summary>
    public DateTimeOffset StoredAt { get; private set; }

    /// <summary>Asks to be woken, straight or by onion request.</summary>
    public async Task SubscribeAsync(HttpMessageInvoker http, Uri api, CancellationToken cancellation)
    {
        var answer = await _phone.SubscribeAsync(http, api, service, [Namespace], wantData: true, route, cancellation);
        if (!answer.Success)
            throw new DevException($"The phone of {service} was refused: HTTP {answer.Status}, error {answer.Error}: {answer.Message}");
    }

    /// <summary>Stores its message in the simulated network.</summary>
    public async Task StoreMessageAsync(SwarmControl swarm, CancellationToken cancellation)
    {
        StoredAt = TimeProvider.System.GetUtcNow();
        Hash = await swarm.StoreAsync(Account, Namespace, Encoding.UTF8.GetBytes(_text), cancellation);
    }

    /// <summary>Opens what a provider received, if it can: a notification for this very phone's message.</summary>
    public Notification? Open(JsonObject received)
    {
        var sealedText = Envelope.FindIn(received["body"]?.GetValue<string>() ?? "");
        return sealedText is not null && _phone.TryOpen(sealedText, out var notification) ? notification : null;
    }

    /// <summary>True when the notification is of this phone's message, whole.</summary>
    public bool IsOwn(Notification notification) =>
        notification.Hash == Hash && notification.AccountHex == Account && notification.Namespace == Namespace
        && notification.Data is { } data && data.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(_text));
}
