using System.Text.Json.Nodes;
using Sotto.FakePhone;
using Phone = Sotto.FakePhone.FakePhone;

namespace Sotto.Dev.Chaos;

/// <summary>What a device does in a run besides hearing.</summary>
internal enum Role
{
    /// <summary>Nothing.</summary>
    Steady,

    /// <summary>Renews its subscription now and then, at times with another envelope key.</summary>
    Renewing,

    /// <summary>Withdraws its subscription in the middle of the run.</summary>
    Leaving,

    /// <summary>Its token dies in the middle of the run.</summary>
    Dying,

    /// <summary>Subscribes in the middle of the run.</summary>
    Late,
}

/// <summary>One simulated device of a run.</summary>
internal sealed class Device(string name, string service, Phone phone, Role role, int[] namespaces, IReadOnlyList<byte[]> furtherKeys)
{
    private readonly List<Phone> _phones = [phone];

    /// <summary>Its name in the books: no secret.</summary>
    public string Name => name;

    /// <summary>The provider, as clients name it.</summary>
    public string Service => service;

    public Role Role => role;

    /// <summary>Ascending.</summary>
    public int[] Namespaces => namespaces;

    public string Account => phone.Account.Hex;

    /// <summary>What a push service gave it: an endpoint and two keys. Null for who needs none, and for who has none yet.</summary>
    public JsonObject? Subscription { get; set; }

    /// <summary>By what its provider knows it.</summary>
    public string Token => Subscription?["endpoint"]!.GetValue<string>() ?? phone.TokenFor(service);

    /// <summary>The phone with the envelope key of its latest wish.</summary>
    public Phone Phone
    {
        get
        {
            lock (_phones)
                return _phones[^1];
        }
    }

    /// <summary>With every envelope key that it ever had.</summary>
    public IReadOnlyList<Phone> Phones
    {
        get
        {
            lock (_phones)
                return [.. _phones];
        }
    }

    /// <summary>Every envelope key that it has had, has, or will have.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Keys => furtherKeys.Select(key => (ReadOnlyMemory<byte>)key).Prepend(phone.EnvelopeKey);

    /// <summary>When it first asked the API.</summary>
    public DateTimeOffset? SubscribingFrom { get; set; }

    /// <summary>When the API first said yes.</summary>
    public DateTimeOffset? SubscribedAt { get; set; }

    /// <summary>From when on pushes need not come: it began to withdraw, or its token died.</summary>
    public DateTimeOffset? GoneFrom { get; set; }

    /// <summary>When the API said that it is forgotten.</summary>
    public DateTimeOffset? WithdrawnAt { get; set; }

    /// <summary>True while it may count on being woken.</summary>
    public bool CountsOnIt => SubscribedAt is not null && GoneFrom is null;

    /// <summary>Asks to be woken.</summary>
    public Task<ApiAnswer> SubscribeAsync(HttpMessageInvoker http, Uri api, CancellationToken cancellation) =>
        AskAsync(http, api, SubscriptionApi.SubscribePath, Phone.SubscribeRequest(service, namespaces), cancellation);

    /// <summary>Asks to be forgotten.</summary>
    public Task<ApiAnswer> UnsubscribeAsync(HttpMessageInvoker http, Uri api, CancellationToken cancellation) =>
        AskAsync(http, api, SubscriptionApi.UnsubscribePath, Phone.UnsubscribeRequest(service), cancellation);

    /// <summary>From now on it wants another key, as long as there is one.</summary>
    public void ChangeKey()
    {
        lock (_phones)
        {
            if (_phones.Count <= furtherKeys.Count)
                _phones.Add(phone.WithEnvelopeKey(furtherKeys[_phones.Count - 1]));
        }
    }

    /// <summary>Opens an envelope with whichever key fits.</summary>
    public Notification? Open(string sealedText)
    {
        var phones = Phones;
        for (var i = phones.Count - 1; i >= 0; i--)
        {
            if (phones[i].TryOpen(sealedText, out var notification))
                return notification;
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() => name;

    private Task<ApiAnswer> AskAsync(HttpMessageInvoker http, Uri api, string path, JsonObject request, CancellationToken cancellation)
    {
        if (Subscription is { } given)
            request["service_info"] = given.DeepClone();
        return SubscriptionApi.PostAsync(http, api, path, request, cancellationToken: cancellation);
    }
}
