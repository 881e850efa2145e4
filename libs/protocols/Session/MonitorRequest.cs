using Sotto.Bencode;

namespace Sotto.Session;

/// <summary>One wish for a storage server, with the client's own authorization (session-v2 section 5.7).</summary>
/// <param name="Account">The account to be told of.</param>
/// <param name="SessionEd25519">32 bytes for a <c>05</c> account; not used for others.</param>
/// <param name="SubaccountToken">36 bytes when a subaccount signed; else null.</param>
/// <param name="SubaccountSignature">64 bytes, with the token.</param>
/// <param name="Namespaces">Strictly ascending, at least one; as signed.</param>
/// <param name="WantsData">Whether message data is wanted; as signed.</param>
/// <param name="SignedAtSeconds">Signature time, unix seconds; as signed.</param>
/// <param name="Signature">64 bytes over <see cref="SignedText.Monitor"/>.</param>
public sealed record MonitorSubscription(
    AccountId Account, byte[]? SessionEd25519, byte[]? SubaccountToken, byte[]? SubaccountSignature,
    short[] Namespaces, bool WantsData, long SignedAtSeconds, byte[] Signature)
{
    /// <summary>Never the account.</summary>
    public override string ToString() => nameof(MonitorSubscription);
}

/// <summary>The body of <c>monitor.messages</c> (session-v2 section 5.7, oxenmq section 6): a bencoded list of one dictionary for each subscription.</summary>
public static class MonitorRequest
{
    /// <summary>Where to stop filling one request, in bytes. A storage server takes 10 MiB; this is what its peers send (session-v2 section 5.6).</summary>
    public const int BytesMax = 5_000_000;

    /// <summary>Appends one subscription as a dictionary. About 150 to 350 bytes.</summary>
    /// <exception cref="ArgumentException">A <c>05</c> account comes without its key, or a subaccount without its signature.</exception>
    public static void Append(BencodeWriter writer, MonitorSubscription subscription)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(subscription);
        var isSession = subscription.Account.Prefix == AccountId.SessionPrefix;
        if (isSession && subscription.SessionEd25519 is null)
            throw new ArgumentException("A 05 account needs its Ed25519 key.", nameof(subscription));
        if (subscription.SubaccountToken is null != subscription.SubaccountSignature is null)
            throw new ArgumentException("A subaccount token and its signature come together.", nameof(subscription));

        writer.StartDictionary();
        if (isSession)
            AppendBytes(writer, "P"u8, subscription.SessionEd25519);
        if (subscription.SubaccountToken is not null)
        {
            AppendBytes(writer, "S"u8, subscription.SubaccountSignature);
            AppendBytes(writer, "T"u8, subscription.SubaccountToken);
        }

        if (subscription.WantsData)
            AppendNumber(writer, "d"u8, 1);
        AppendNamespaces(writer, subscription.Namespaces);
        if (!isSession)
            AppendBytes(writer, "p"u8, subscription.Account.Bytes);
        AppendBytes(writer, "s"u8, subscription.Signature);
        AppendNumber(writer, "t"u8, subscription.SignedAtSeconds);
        writer.End();
    }

    /// <summary>A whole request for these subscriptions; the caller minds <see cref="BytesMax"/>.</summary>
    public static byte[] Write(IEnumerable<MonitorSubscription> subscriptions)
    {
        ArgumentNullException.ThrowIfNull(subscriptions);
        var writer = new BencodeWriter();
        writer.StartList();
        foreach (var subscription in subscriptions)
            Append(writer, subscription);
        writer.End();
        return writer.ToArray();
    }

    private static void AppendBytes(BencodeWriter writer, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        writer.Key(key);
        writer.Write(value);
    }

    private static void AppendNumber(BencodeWriter writer, ReadOnlySpan<byte> key, long value)
    {
        writer.Key(key);
        writer.Write(value);
    }

    private static void AppendNamespaces(BencodeWriter writer, short[] namespaces)
    {
        writer.Key("n"u8);
        writer.StartList();
        foreach (var @namespace in namespaces)
            writer.Write((long)@namespace);
        writer.End();
    }
}
