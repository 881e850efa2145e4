using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Sotto.Sodium;

namespace Sotto.FakePhone;

/// <summary>A simulated phone: an account, device tokens, and the envelope key it chose. It subscribes, and opens what it is sent.</summary>
[SuppressMessage("Design", "MA0049", Justification = "A simulator is called what it simulates, and so is its assembly.")]
public sealed class FakePhone
{
    private readonly SeededBytes _device;
    private readonly byte[] _envelopeKey;

    private FakePhone(SessionAccount account, SeededBytes device)
    {
        (Account, _device) = (account, device);
        _envelopeKey = device.Take("envelope key", XChaCha20Poly1305.KeySize);
    }

    private FakePhone(SessionAccount account, SeededBytes device, byte[] envelopeKey) =>
        (Account, _device, _envelopeKey) = (account, device, envelopeKey);

    /// <summary>Whose messages wake it.</summary>
    public SessionAccount Account { get; }

    /// <summary>The key to which its notifications are sealed, 32 bytes.</summary>
    public ReadOnlyMemory<byte> EnvelopeKey => _envelopeKey;

    /// <summary>How it writes bytes in requests.</summary>
    public ByteForm Form { get; private init; } = ByteForm.Hex;

    /// <summary>Its idea of now, to the second, in what it signs.</summary>
    public TimeProvider Clock { get; private init; } = TimeProvider.System;

    /// <summary>A phone with an account (05) of its own; with a seed always the same.</summary>
    public static FakePhone Create(int? seed = null) => new(SessionAccount.Create(seed), new(seed));

    /// <summary>A phone of an account that exists; with a seed always the same.</summary>
    public static FakePhone Create(SessionAccount account, int? seed = null) => new(account, new(seed));

    /// <summary>The same device and envelope key with another account, as with the groups that its owner is in.</summary>
    public FakePhone With(SessionAccount other) => new(other, _device, _envelopeKey) { Form = Form, Clock = Clock };

    /// <summary>The same device and account with another envelope key.</summary>
    public FakePhone WithEnvelopeKey(ReadOnlySpan<byte> key) => new(Account, _device, key.ToArray()) { Form = Form, Clock = Clock };

    /// <summary>The same phone, writing bytes in another form.</summary>
    public FakePhone Writing(ByteForm form) => new(Account, _device, _envelopeKey) { Form = form, Clock = Clock };

    /// <summary>The same phone with another idea of now.</summary>
    public FakePhone At(TimeProvider clock) => new(Account, _device, _envelopeKey) { Form = Form, Clock = clock };

    /// <summary>Its device token for a service, in the shape of the service's vendor.</summary>
    public string TokenFor(string service) => DeviceTokens.Make(service, _device);

    /// <summary>Asks to be woken.</summary>
    /// <param name="http">Sends the request.</param>
    /// <param name="api">The server's address without a path.</param>
    /// <param name="service">Which provider reaches it: <c>apns</c>, <c>apns-sandbox</c>, <c>firebase</c>, <c>huawei</c>.</param>
    /// <param name="namespaces">Ascending.</param>
    /// <param name="wantData">Whether the message itself shall be in the notification.</param>
    /// <param name="via">Null goes straight.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ApiAnswer> SubscribeAsync(
        HttpMessageInvoker http,
        Uri api,
        string service,
        IReadOnlyList<int> namespaces,
        bool wantData = true,
        Route? via = null,
        CancellationToken cancellationToken = default) =>
        SubscriptionApi.PostAsync(http, api, SubscriptionApi.SubscribePath, SubscribeRequest(service, namespaces, wantData), via, cancellationToken);

    /// <summary>Asks to be forgotten; parameters as for subscribing.</summary>
    public Task<ApiAnswer> UnsubscribeAsync(
        HttpMessageInvoker http, Uri api, string service, Route? via = null, CancellationToken cancellationToken = default) =>
        SubscriptionApi.PostAsync(http, api, SubscriptionApi.UnsubscribePath, UnsubscribeRequest(service), via, cancellationToken);

    /// <summary>The body of a subscription; a caller may bend it.</summary>
    public JsonObject SubscribeRequest(string service, IReadOnlyList<int> namespaces, bool wantData = true)
    {
        var signedAt = Clock.GetUtcNow().ToUnixTimeSeconds();
        var request = Identify(service, signedAt, Account.Sign(SignedTexts.Monitor(Account.Hex, signedAt, wantData, namespaces)));
        request["namespaces"] = new JsonArray([.. namespaces.Select(number => (JsonNode)number)]);
        request["data"] = wantData;
        request["enc_key"] = Form.Write(_envelopeKey);
        return request;
    }

    /// <summary>The body of an unsubscription; a caller may bend it.</summary>
    public JsonObject UnsubscribeRequest(string service)
    {
        var signedAt = Clock.GetUtcNow().ToUnixTimeSeconds();
        return Identify(service, signedAt, Account.Sign(SignedTexts.Unsubscribe(Account.Hex, signedAt)));
    }

    /// <summary>Opens <c>enc_payload</c>; false when it was sealed to another key or is not a notification.</summary>
    public bool TryOpen(string encPayloadBase64, [NotNullWhen(true)] out Notification? notification) =>
        Envelope.TryOpen(encPayloadBase64, _envelopeKey, out notification);

    /// <inheritdoc/>
    public override string ToString() => "[phone]";

    private JsonObject Identify(string service, long signedAtSeconds, byte[] signature)
    {
        var request = new JsonObject
        {
            ["pubkey"] = Form.Write(Account.Id),
            ["sig_ts"] = signedAtSeconds,
            ["signature"] = Form.Write(signature),
            ["service"] = service,
            ["service_info"] = new JsonObject { ["token"] = TokenFor(service) },
        };
        if (Account.SessionEd25519 is { } key)
            request["session_ed25519"] = Form.Write(key);
        if (Account.SubaccountToken is { } token)
            request["subaccount"] = Form.Write(token);
        if (Account.SubaccountSignature is { } given)
            request["subaccount_sig"] = Form.Write(given);
        return request;
    }
}
