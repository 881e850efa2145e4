using Sotto.Session;
using Sotto.Sodium;

namespace SubscriptionApi.Subscriptions;

/// <summary>What every request says: who asks, who signed, and which device it is about. Steps 1 to 8 of session-v2 section 2.4.</summary>
internal sealed record SignedRequest
{
    public const int SignatureSize = Ed25519.SignatureSize;

    public required AccountId Account { get; init; }

    /// <summary>Present exactly for accounts of the <c>05</c> prefix, and then known to belong to the account.</summary>
    public byte[]? SessionEd25519 { get; init; }

    public byte[]? SubaccountToken { get; init; }

    public byte[]? SubaccountSignature { get; init; }

    public required byte[] Signature { get; init; }

    public required long SignedAtSeconds { get; init; }

    /// <summary>The provider's name as the client gave it; nobody may serve it.</summary>
    public required string Provider { get; init; }

    /// <summary>The provider's own description of the device, as JSON text of any kind. Holds the device token.</summary>
    public required ReadOnlyMemory<byte> ServiceInfo { get; init; }

    /// <summary>Takes the fields in the order in which the reference looks at them. Null when one is wrong; the fields then hold the refusal.</summary>
    public static SignedRequest? Take(ItemFields fields)
    {
        AccountId.TryCreate(fields.TakeBytes("pubkey", AccountId.Size), out var account);
        var isSession = account.Prefix == AccountId.SessionPrefix;
        var sessionEd25519 = isSession ? fields.TakeBytes("session_ed25519", Ed25519.PublicKeySize) : null;
        var (token, tokenSignature) = TakeSubaccount(fields);
        var signature = fields.TakeBytes("signature", SignatureSize);
        if (fields.Refusal is null && SubscriptionSignature.VerifyOwner(account, sessionEd25519) is { } notTheOwner)
            fields.Refuse(notTheOwner);
        var request = new SignedRequest
        {
            Account = account,
            SessionEd25519 = sessionEd25519,
            SubaccountToken = token,
            SubaccountSignature = tokenSignature,
            Signature = signature,
            SignedAtSeconds = fields.TakeInteger("sig_ts"),
            Provider = fields.TakeText("service"),
            ServiceInfo = fields.TakeJson("service_info"),
        };
        return fields.Refusal is null ? request : null;
    }

    /// <summary>Null when the signature over <paramref name="signedText"/> is by someone who may; else what is wrong, for the client.</summary>
    public string? VerifySignature(byte[] signedText) =>
        SubscriptionSignature.VerifySigner(Account, SessionEd25519, SubaccountToken, SubaccountSignature, signedText, Signature);

    /// <summary>Never the content.</summary>
    public override string ToString() => nameof(SignedRequest);

    // A signature without a token is passed over; a token that is null is a wrong token.
    private static (byte[]? Token, byte[]? Signature) TakeSubaccount(ItemFields fields)
    {
        if (fields.Refusal is not null || !fields.Has("subaccount"))
            return (null, null);
        if (!fields.Has("subaccount_sig"))
            fields.Refuse("Cannot specify subaccount without subaccount_sig");
        return (fields.TakeBytes("subaccount", SubscriptionSignature.SubaccountTokenSize), fields.TakeBytes("subaccount_sig", SignatureSize));
    }
}
