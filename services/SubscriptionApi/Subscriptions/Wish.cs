using Sotto.Session;

namespace SubscriptionApi.Subscriptions;

/// <summary>What a device wants to be told of. Steps 10 to 14 of session-v2 section 2.4.</summary>
internal sealed record Wish
{
    public const int EnvelopeKeySize = 32;

    /// <summary>Chosen by the device; leaves memory only sealed.</summary>
    public required byte[] EnvelopeKey { get; init; }

    public required short[] Namespaces { get; init; }

    public required bool WantsData { get; init; }

    /// <summary>Takes the fields in the order in which the reference looks at them. Null when one is wrong; the fields then hold the refusal.</summary>
    public static Wish? Take(ItemFields fields, long signedAtSeconds, long nowSeconds)
    {
        var wish = new Wish
        {
            EnvelopeKey = fields.TakeBytes("enc_key", EnvelopeKeySize),
            Namespaces = fields.TakeShorts("namespaces"),
            WantsData = fields.TakeTruth("data"),
        };
        if (fields.Refusal is null && NamespaceList.Verify(wish.Namespaces) is { } wrongNamespaces)
            fields.Refuse(wrongNamespaces);
        if (signedAtSeconds == 0)
            fields.Refuse("Subscription: signature timestamp is missing");
        if (!SignatureTime.AllowsMonitor(signedAtSeconds, nowSeconds))
            fields.Refuse($"Subscription: sig_ts timestamp is too far in the {(signedAtSeconds < nowSeconds ? "past" : "future")}");
        return fields.Refusal is null ? wish : null;
    }

    /// <summary>Never the content.</summary>
    public override string ToString() => nameof(Wish);
}
