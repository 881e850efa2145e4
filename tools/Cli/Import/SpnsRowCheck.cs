using Sotto.Session;
using Sotto.Sodium;
using SubscriptionApi.Subscriptions;

namespace Sotto.Cli.Import;

/// <summary>Whether a row would be taken if its client asked for it now: the checks of session-v2 section 2.4 that need nobody else. Pure.</summary>
internal static class SpnsRowCheck
{
    /// <summary>Null when all is well; else why not, in words that hold nothing of the row.</summary>
    public static string? Refuse(SpnsRow row, long nowSeconds)
    {
        if (!AccountId.TryCreate(row.Account, out var account))
            return $"the account is not {AccountId.Size} bytes long";
        if (account.Prefix == AccountId.SessionPrefix && row.SessionEd25519 is not { Length: Ed25519.PublicKeySize })
            return "session_ed25519 is missing or of the wrong length";
        if ((row.SubaccountToken is null) != (row.SubaccountSignature is null))
            return "a subaccount without its signature, or a signature without a subaccount";
        if (row.SubaccountSignature is not (null or { Length: Ed25519.SignatureSize }) || row.Signature.Length != Ed25519.SignatureSize)
            return $"a signature is not {Ed25519.SignatureSize} bytes long";
        if (row.EnvelopeKey.Length != Wish.EnvelopeKeySize)
            return $"the envelope key is not {Wish.EnvelopeKeySize} bytes long";
        if (NamespaceList.Verify(row.Namespaces) is { } wrongNamespaces)
            return wrongNamespaces;
        if (!SignatureTime.AllowsMonitor(row.SignedAtSeconds, nowSeconds))
            return row.SignedAtSeconds < nowSeconds ? "expired: signed 14 days ago or more" : "signed a day or more in the future";
        var signedText = SignedText.Monitor(account, row.SignedAtSeconds, row.WantsData, row.Namespaces);
        return SubscriptionSignature.Verify(account, SessionKeyOf(row, account), row.SubaccountToken, row.SubaccountSignature, signedText, row.Signature);
    }

    /// <summary>The key that belongs to a <c>05</c> account; for all others the column means nothing.</summary>
    public static byte[]? SessionKeyOf(SpnsRow row, AccountId account) => account.Prefix == AccountId.SessionPrefix ? row.SessionEd25519 : null;
}
