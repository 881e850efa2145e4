using System.Buffers;
using Sotto.Bencode;
using Sotto.Session;

namespace Vectors.Tests;

/// <summary>Reads <c>monitor.messages</c> as a storage server would, so that what we write can be compared with what others wrote.</summary>
internal static class WireSubscription
{
    /// <summary>The subscriptions of a request that is a list or a lone dictionary; null when it is neither, or lacks something.</summary>
    internal static List<MonitorSubscription>? Read(ReadOnlySpan<byte> part)
    {
        var reader = new BencodeReader(part);
        var isList = reader.TryEnterList();
        var found = new List<MonitorSubscription>();
        while (isList ? reader.Next != BencodeKind.End : found.Count == 0)
        {
            if (ReadOne(ref reader) is not { } subscription)
                return null;

            found.Add(subscription);
        }

        return (!isList || reader.TryLeave()) && reader.TryEndInput() ? found : null;
    }

    internal static byte[] Write(IReadOnlyList<MonitorSubscription> subscriptions, bool asList)
    {
        if (asList)
            return MonitorRequest.Write(subscriptions);

        var writer = new BencodeWriter();
        MonitorRequest.Append(writer, subscriptions.Single());
        return writer.ToArray();
    }

    private static MonitorSubscription? ReadOne(ref BencodeReader reader)
    {
        if (!reader.TryEnterDictionary())
            return null;

        var session = Bytes(ref reader, "P"u8);
        var subaccountSignature = Bytes(ref reader, "S"u8);
        var subaccountToken = Bytes(ref reader, "T"u8);
        var wantsData = reader.TrySeekKey("d"u8) && reader.TryReadInt64(out var flag) && flag != 0;
        if (!reader.TrySeekKey("n"u8) || ReadNamespaces(ref reader) is not { } namespaces)
            return null;

        var account = Bytes(ref reader, "p"u8) ?? AccountOf(session);
        var signature = Bytes(ref reader, "s"u8);
        return account is not null && signature is not null
            && reader.TrySeekKey("t"u8) && reader.TryReadInt64(out var signedAt) && reader.TryLeaveDictionary()
            ? new MonitorSubscription(AccountId.Create(account), session, subaccountToken, subaccountSignature, namespaces, wantsData, signedAt, signature)
            : null;
    }

    private static byte[]? AccountOf(byte[]? session)
    {
        var account = new byte[AccountId.Size];
        account[0] = AccountId.SessionPrefix;
        return session is not null && Sotto.Sodium.Ed25519.TryToX25519(session, account.AsSpan(1)) ? account : null;
    }

    private static byte[]? Bytes(ref BencodeReader reader, ReadOnlySpan<byte> key) =>
        reader.TrySeekKey(key) && reader.TryReadBytes(out var bytes) ? bytes.ToArray() : null;

    private static short[]? ReadNamespaces(ref BencodeReader reader)
    {
        var namespaces = new ArrayBufferWriter<short>();
        if (!reader.TryEnterList())
            return null;

        while (reader.TryReadInt64(out var item))
            namespaces.Write([(short)item]);
        return reader.TryLeave() ? namespaces.WrittenSpan.ToArray() : null;
    }
}
