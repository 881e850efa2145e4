using System.Text.Json;
using Sotto.Session;
using Sotto.TestSupport;

namespace Vectors.Tests.Session;

/// <summary>The signed fields of a request as clients send them in JSON, judged by the pieces that the services use.</summary>
internal sealed record SignedRequest(
    AccountId Account, byte[]? SessionEd25519, byte[]? SubaccountToken, byte[]? SubaccountSignature, short[] Namespaces, bool WantsData,
    long SignedAtSeconds, byte[] Signature, bool IsMonitor)
{
    internal byte[] SignedText => IsMonitor
        ? Sotto.Session.SignedText.Monitor(Account, SignedAtSeconds, WantsData, Namespaces)
        : Sotto.Session.SignedText.Unsubscribe(Account, SignedAtSeconds);

    internal MonitorSubscription Subscription =>
        new(Account, SessionEd25519, SubaccountToken, SubaccountSignature, Namespaces, WantsData, SignedAtSeconds, Signature);

    internal static SignedRequest Of(JsonElement fields, bool isMonitor) => new(
        AccountId.Create(Decoded(fields, "pubkey", AccountId.Size)!),
        Decoded(fields, "session_ed25519", 32),
        Decoded(fields, "subaccount", SubscriptionSignature.SubaccountTokenSize),
        Decoded(fields, "subaccount_sig", 64),
        isMonitor ? [.. fields.GetProperty("namespaces").EnumerateArray().Select(item => item.GetInt16())] : [],
        isMonitor && fields.GetProperty("data").GetBoolean(),
        fields.GetProperty("sig_ts").GetInt64(),
        Decoded(fields, "signature", 64)!,
        isMonitor);

    /// <summary>Null when the request is to be taken.</summary>
    internal string? Verify(long now)
    {
        if (IsMonitor && NamespaceList.Verify(Namespaces) is { } error)
            return error;
        if (SignedAtSeconds == 0)
            return "Subscription: signature timestamp is missing";
        if (IsMonitor ? !SignatureTime.AllowsMonitor(SignedAtSeconds, now) : !SignatureTime.AllowsUnsubscribe(SignedAtSeconds, now))
            return "The signature is too old or too early";

        return VerifySignature();
    }

    internal string? VerifySignature() =>
        SubscriptionSignature.Verify(Account, SessionEd25519, SubaccountToken, SubaccountSignature, SignedText, Signature);

    private static byte[]? Decoded(JsonElement fields, string name, int size)
    {
        if (fields.TextOrNull(name) is not { } text)
            return null;

        var bytes = new byte[size];
        return JsonBytes.TryDecode(text, bytes) ? bytes : throw new InvalidOperationException($"{name} does not decode.");
    }
}
