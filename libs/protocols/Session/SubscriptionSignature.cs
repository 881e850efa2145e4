using Sotto.Sodium;

namespace Sotto.Session;

/// <summary>
/// Who may subscribe and unsubscribe an account: its owner, or a subaccount that the owner signed and that may read (session-v2 sections 3.3 and 3.4). Revocation is
/// not known here. Thread-safe.
/// </summary>
public static class SubscriptionSignature
{
    /// <summary>A subaccount's token, in bytes: prefix, flags, two reserved, then the subaccount's Ed25519 key.</summary>
    public const int SubaccountTokenSize = 36;

    private const int FlagsAt = 1;
    private const int SubaccountKeyAt = 4;
    private const byte FlagRead = 0x01;
    private const byte FlagAnyPrefix = 0x08;

    /// <summary>
    /// Null when the account's owner key is known and right: a <c>05</c> account's key must be the X25519 form of <paramref name="sessionEd25519"/>; every other account is
    /// its own key, and <paramref name="sessionEd25519"/> is not looked at. Else what is wrong, as a sentence for the client.
    /// </summary>
    public static string? VerifyOwner(AccountId account, ReadOnlySpan<byte> sessionEd25519)
    {
        if (account.Prefix != AccountId.SessionPrefix)
            return null;

        Span<byte> converted = stackalloc byte[X25519.KeySize];
        return Ed25519.TryToX25519(sessionEd25519, converted) && converted.SequenceEqual(account.Key)
            ? null
            : "Invalid session_ed25519: it does not belong to this pubkey";
    }

    /// <summary>Null when everything that a request proves its right with is valid; else what is wrong, as a sentence for the client.</summary>
    /// <param name="account">The account.</param>
    /// <param name="sessionEd25519">The Ed25519 key of a <c>05</c> account, 32 bytes.</param>
    /// <param name="subaccountToken">36 bytes when a subaccount signs; else null.</param>
    /// <param name="subaccountSignature">64 bytes by the owner over the token, with it.</param>
    /// <param name="signedText">A text of <see cref="SignedText"/>.</param>
    /// <param name="signature">64 bytes over it, by the subaccount if there is one, else by the owner.</param>
    public static string? Verify(
        AccountId account, byte[]? sessionEd25519, byte[]? subaccountToken, byte[]? subaccountSignature,
        ReadOnlySpan<byte> signedText, ReadOnlySpan<byte> signature) =>
        VerifyOwner(account, sessionEd25519) ?? VerifySigner(account, sessionEd25519, subaccountToken, subaccountSignature, signedText, signature);

    /// <summary>The rest of <see cref="Verify"/>, for an owner's key that <see cref="VerifyOwner"/> has found right; it saves a third of the time.</summary>
    /// <inheritdoc cref="Verify"/>
    public static string? VerifySigner(
        AccountId account, byte[]? sessionEd25519, byte[]? subaccountToken, byte[]? subaccountSignature,
        ReadOnlySpan<byte> signedText, ReadOnlySpan<byte> signature)
    {
        var owner = account.Prefix == AccountId.SessionPrefix ? sessionEd25519 : account.Key;
        if (subaccountToken is null)
            return Ed25519.Verify(signature, signedText, owner) ? null : "Signature verification failed";

        return VerifySubaccount(account, owner, subaccountToken, subaccountSignature)
            ?? (Ed25519.Verify(signature, signedText, subaccountToken.AsSpan(SubaccountKeyAt)) ? null : "Subaccount main signature verification failed");
    }

    private static string? VerifySubaccount(AccountId account, ReadOnlySpan<byte> owner, byte[] token, byte[]? tokenSignature)
    {
        if (token.Length != SubaccountTokenSize)
            return $"Invalid subaccount: it must have {SubaccountTokenSize} bytes";
        if ((token[FlagsAt] & FlagRead) == 0)
            return "Invalid subaccount: this subaccount does not have read permission";
        if ((token[FlagsAt] & FlagAnyPrefix) == 0 && token[0] != account.Prefix)
            return "Invalid subaccount: subaccount and main account have mismatched network prefix";

        return Ed25519.Verify(tokenSignature, token, owner) ? null : "Subaccount auth signature verification failed";
    }
}
