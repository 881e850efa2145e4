using Sotto.Bencode;
using Sotto.Contracts;
using Sotto.Session;
using Sotto.Sodium;
using SwarmListener.Monitoring;

namespace SwarmListener.Storage;

/// <summary>One subscription as it is stored: checked, and with the request ready to be sent.</summary>
internal sealed record SubscriptionRow(Guid Id, long Revision, bool Withdrawn, AccountId Account, Upstream Upstream, byte[] Request)
{
    private const int SubaccountTokenSize = 36;

    /// <summary>Reads a change from the bus; null and the reason when it is not one.</summary>
    public static SubscriptionRow? From(SubscriptionChanged change, out string reason)
    {
        reason = WrongIn(change) ?? "";
        if (reason.Length > 0)
            return null;

        var account = AccountId.Create(change.Account);
        var authorization = change.Authorization;
        var writer = new BencodeWriter();
        MonitorRequest.Append(writer, new MonitorSubscription(
            account, authorization.SessionEd25519, authorization.SubaccountToken, authorization.SubaccountSignature,
            change.Namespaces, change.WantsData, authorization.SignedAtSeconds, authorization.Signature));
        var upstream = new Upstream(
            Upstream.KindOf(authorization.SubaccountToken, change.Namespaces, change.WantsData),
            (uint)authorization.SignedAtSeconds,
            (uint)change.ExpiresAt.ToUnixTimeSeconds());
        return new SubscriptionRow(change.SubscriptionId, change.Revision, change.Withdrawn, account, upstream, writer.ToArray());
    }

    /// <inheritdoc/>
    public override string ToString() => $"{nameof(SubscriptionRow)} {Id} r{Revision}";

    // The deserializer leaves null what the wire left out, whatever the declarations say.
    private static string? WrongIn(SubscriptionChanged change)
    {
        if (change.Account is not { Length: AccountId.Size })
            return "the account is not 33 bytes";
        if (change.Authorization is not { Signature.Length: Ed25519.SignatureSize } authorization)
            return "the signature is not 64 bytes";
        if (change.Account[0] == AccountId.SessionPrefix && authorization.SessionEd25519 is not { Length: Ed25519.PublicKeySize })
            return "the account has prefix 05 and no Ed25519 key of 32 bytes";
        if (!HasBothOrNone(authorization))
            return "subaccount token (36 bytes) and signature (64 bytes) do not come together";
        if (NamespaceList.Verify(change.Namespaces ?? []) is not null)
            return "the namespaces are not strictly ascending, at least one";
        if (!IsTime(authorization.SignedAtSeconds) || !IsTime(change.ExpiresAt.ToUnixTimeSeconds()))
            return "a time is before 1970 or after 2106";
        return null;
    }

    private static bool HasBothOrNone(MonitorAuthorization authorization) =>
        (authorization.SubaccountToken is null && authorization.SubaccountSignature is null)
        || authorization is { SubaccountToken.Length: SubaccountTokenSize, SubaccountSignature.Length: Ed25519.SignatureSize };

    private static bool IsTime(long seconds) => seconds is >= 0 and <= uint.MaxValue;
}
