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
    public async Task SubscribeAsync(HttpMessageInvoker http, Uri api, CancellationToken cancellation)
    {
        var answer = await _phone.SubscribeAsync(http, api, service, [Namespace], wantData: true, route, cancellation);
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
        var sealedText = Envelope.FindIn(received["body"]?.GetValue<string>() ?? "");
        return sealedText is not null && _phone.TryOpen(sealedText, out var notification) ? notification : null;
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
