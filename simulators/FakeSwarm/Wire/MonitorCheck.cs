using System.Globalization;
using System.Text;
using Sotto.Sodium;

namespace Sotto.FakeSwarm.Wire;

/// <summary>The codes of a refused <c>monitor.messages</c> (oxenmq section 6).</summary>
public enum MonitorErrorCode
{
    None = 0,
    BadArguments = 1,
    BadPublicKey = 2,
    NamespacesNotAscending = 3,
    BadTimestamp = 4,
    BadSignature = 5,
}

/// <summary>What one dict asks for, once it has been checked.</summary>
internal sealed record MonitorWish(byte[] Account, short[] Namespaces, bool WantsData);

/// <summary>Judges the dicts of <c>monitor.messages</c>: shape, sizes, order, time and signatures, in this order.</summary>
internal static class MonitorCheck
{
    private const int AccountSize = 33;
    private const int SignatureSize = 64;
    private const int TokenSize = 36;
    private const byte SessionPrefix = 0x05;
    private const byte TokenMayRead = 0x01;
    private const byte TokenForAnyPrefix = 0x08;
    private const long SecondsOldMax = 14 * 86_400;
    private const long SecondsAheadMax = 86_400;

    public static (MonitorErrorCode Code, string Error, MonitorWish? Wish) Judge(ReadOnlySpan<byte> dict, long nowSeconds)
    {
        try
        {
            return Judge(Fields.Read(dict), nowSeconds);
        }
        catch (FormatException wrong)
        {
            return (MonitorErrorCode.BadArguments, wrong.Message, null);
        }
    }

    private static (MonitorErrorCode Code, string Error, MonitorWish? Wish) Judge(Fields fields, long nowSeconds)
    {
        if (fields.SessionKey is null == fields.Account is null)
            return Refuse(MonitorErrorCode.BadArguments, "Exactly one of p and P is needed");
        if (fields.TokenSignature is null != fields.Token is null)
            return Refuse(MonitorErrorCode.BadArguments, "S and T come together");
        if (fields.Namespaces.Length == 0)
            return Refuse(MonitorErrorCode.BadArguments, "At least one namespace is needed");
        if (fields.Token is { Length: not TokenSize } || fields.TokenSignature is { Length: not SignatureSize })
            return Refuse(MonitorErrorCode.BadPublicKey, "S has 64 bytes and T has 36");
        if (!TryAccount(fields, out var account, out var ownerKey))
            return Refuse(MonitorErrorCode.BadPublicKey, "Not a public key");
        if (!IsAscending(fields.Namespaces))
            return Refuse(MonitorErrorCode.NamespacesNotAscending, "Namespaces must be ascending");
        if (fields.Seconds < nowSeconds - SecondsOldMax || fields.Seconds > nowSeconds + SecondsAheadMax)
            return Refuse(MonitorErrorCode.BadTimestamp, "The timestamp is too old or in the future");

        var text = Encoding.ASCII.GetBytes(SignedText(account, fields));
        var signer = fields.Token is null ? ownerKey : fields.Token[4..];
        if (fields.Token is not null && !IsGoodToken(fields, account, ownerKey))
            return Refuse(MonitorErrorCode.BadSignature, "Subaccount verification failed");
        if (!Ed25519.Verify(fields.Signature, text, signer))
            return Refuse(MonitorErrorCode.BadSignature, "Signature verification failed");

        return (MonitorErrorCode.None, "", new MonitorWish(account, fields.Namespaces, fields.WantsData));
    }

    private static bool TryAccount(Fields fields, out byte[] account, out byte[] ownerKey)
    {
        account = fields.Account ?? new byte[AccountSize];
        ownerKey = fields.SessionKey ?? (account.Length == AccountSize ? account[1..] : []);
        if (fields.SessionKey is null)
            return account.Length == AccountSize;

        account[0] = SessionPrefix;
        return fields.SessionKey.Length == Ed25519.PublicKeySize && Ed25519.TryToX25519(fields.SessionKey, account.AsSpan(1));
    }

    private static bool IsGoodToken(Fields fields, byte[] account, byte[] ownerKey) =>
        (fields.Token![1] & TokenMayRead) != 0
        && ((fields.Token[1] & TokenForAnyPrefix) != 0 || fields.Token[0] == account[0])
        && Ed25519.Verify(fields.TokenSignature, fields.Token, ownerKey);

    private static string SignedText(byte[] account, Fields fields) => string.Create(
        CultureInfo.InvariantCulture,
        $"MONITOR{Convert.ToHexStringLower(account)}{fields.Seconds}{(fields.WantsData ? 1 : 0)}{string.Join(',', fields.Namespaces)}");

    private static bool IsAscending(short[] namespaces)
    {
        for (var i = 1; i < namespaces.Length; i++)
        {
            if (namespaces[i] <= namespaces[i - 1])
                return false;
        }

        return true;
    }

    private static (MonitorErrorCode Code, string Error, MonitorWish? Wish) Refuse(MonitorErrorCode code, string error) => (code, error, null);

    /// <summary>The keys in the order of the wire, which is the only order they can be read in.</summary>
    private sealed record Fields(
        byte[]? SessionKey,
        byte[]? TokenSignature,
        byte[]? Token,
        bool WantsData,
        short[] Namespaces,
        byte[]? Account,
        byte[] Signature,
        long Seconds)
    {
        public static Fields Read(ReadOnlySpan<byte> dict)
        {
            var cursor = new BencodeCursor(dict);
            cursor.Expect('d');
            return new Fields(
                cursor.TryFind("P") ? cursor.ReadString().ToArray() : null,
                cursor.TryFind("S") ? cursor.ReadString().ToArray() : null,
                cursor.TryFind("T") ? cursor.ReadString().ToArray() : null,
                cursor.TryFind("d") && ReadFlag(ref cursor),
                cursor.TryFind("n") ? ReadNamespaces(ref cursor) : throw new FormatException("n is missing"),
                cursor.TryFind("p") ? cursor.ReadString().ToArray() : null,
                cursor.TryFind("s") ? cursor.ReadString().ToArray() : throw new FormatException("s is missing"),
                cursor.TryFind("t") ? cursor.ReadInteger() : throw new FormatException("t is missing"));
        }

        private static bool ReadFlag(ref BencodeCursor cursor) => cursor.ReadInteger() switch
        {
            0 => false,
            1 => true,
            _ => throw new FormatException("d is 0 or 1"),
        };

        private static short[] ReadNamespaces(ref BencodeCursor cursor)
        {
            var namespaces = new List<short>();
            cursor.Expect('l');
            while (!cursor.TryEnd())
            {
                var value = cursor.ReadInteger();
                if (value is < short.MinValue or > short.MaxValue)
                    throw new FormatException("A namespace has 16 bits");
                namespaces.Add((short)value);
            }

            return [.. namespaces];
        }
    }
}
