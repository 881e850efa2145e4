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
internal readonly record struct MonitorWish(AccountKey Account, short[] Namespaces, bool WantsData);

/// <summary>Judges the dicts of <c>monitor.messages</c>: shape, sizes, order, time and signatures, in this order.</summary>
internal static class MonitorCheck
{
    private const int AccountSize = 33;
    private const int SignatureSize = 64;
    private const int TokenSize = 36;
    private const byte TokenMayRead = 0x01;
    private const byte TokenForAnyPrefix = 0x08;
    private const int FewNamespaces = 32;
    private const long SecondsOldMax = 14 * 86_400;
    private const long SecondsAheadMax = 86_400;

    /// <param name="dict">One dict.</param>
    /// <param name="accounts">The accounts of session keys.</param>
    /// <param name="nowSeconds">Unix seconds.</param>
    /// <param name="verifies">Whether signatures are verified, which costs a hundred times the rest.</param>
    public static (MonitorErrorCode Code, string Error, MonitorWish Wish) Judge(ReadOnlySpan<byte> dict, SessionAccounts accounts, long nowSeconds, bool verifies)
    {
        try
        {
            return Judge(Fields.Read(dict), accounts, nowSeconds, verifies);
        }
        catch (FormatException wrong)
        {
            return Refuse(MonitorErrorCode.BadArguments, wrong.Message);
        }
    }

    private static (MonitorErrorCode Code, string Error, MonitorWish Wish) Judge(Fields fields, SessionAccounts accounts, long nowSeconds, bool verifies)
    {
        if (fields.HasSessionKey == fields.HasAccount)
            return Refuse(MonitorErrorCode.BadArguments, "Exactly one of p and P is needed");
        if (fields.HasTokenSignature != fields.HasToken)
            return Refuse(MonitorErrorCode.BadArguments, "S and T come together");
        if (fields.Namespaces.Length == 0)
            return Refuse(MonitorErrorCode.BadArguments, "At least one namespace is needed");
        if (fields.HasToken && (fields.Token.Length != TokenSize || fields.TokenSignature.Length != SignatureSize))
            return Refuse(MonitorErrorCode.BadPublicKey, "S has 64 bytes and T has 36");
        Span<byte> account = stackalloc byte[AccountSize];
        if (!TryAccount(fields, accounts, account))
            return Refuse(MonitorErrorCode.BadPublicKey, "Not a public key");
        if (!IsAscending(fields.Namespaces))
            return Refuse(MonitorErrorCode.NamespacesNotAscending, "Namespaces must be ascending");
        if (fields.Seconds < nowSeconds - SecondsOldMax || fields.Seconds > nowSeconds + SecondsAheadMax)
            return Refuse(MonitorErrorCode.BadTimestamp, "The timestamp is too old or in the future");
        if (verifies && WrongSignature(fields, account) is { } wrong)
            return Refuse(MonitorErrorCode.BadSignature, wrong);
        return (MonitorErrorCode.None, "", new MonitorWish(new AccountKey(account), fields.Namespaces, fields.WantsData));
    }

    private static string? WrongSignature(Fields fields, ReadOnlySpan<byte> account)
    {
        var ownerKey = fields.HasSessionKey ? fields.SessionKey : account[1..];
        if (fields.HasToken && !IsGoodToken(fields, account, ownerKey))
            return "Subaccount verification failed";
        var text = Encoding.ASCII.GetBytes(SignedText(account, fields));
        return Ed25519.Verify(fields.Signature, text, fields.HasToken ? fields.Token[4..] : ownerKey) ? null : "Signature verification failed";
    }

    private static bool TryAccount(Fields fields, SessionAccounts accounts, Span<byte> account) => fields.HasAccount
        ? fields.Account.Length == AccountSize && fields.Account.TryCopyTo(account)
        : accounts.TryFind(fields.SessionKey, account);

    private static bool IsGoodToken(Fields fields, ReadOnlySpan<byte> account, ReadOnlySpan<byte> ownerKey) =>
        (fields.Token[1] & TokenMayRead) != 0
        && ((fields.Token[1] & TokenForAnyPrefix) != 0 || fields.Token[0] == account[0])
        && Ed25519.Verify(fields.TokenSignature, fields.Token, ownerKey);

    private static string SignedText(ReadOnlySpan<byte> account, Fields fields) => string.Create(
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

    private static (MonitorErrorCode Code, string Error, MonitorWish Wish) Refuse(MonitorErrorCode code, string error) => (code, error, default);

    /// <summary>The keys in the order of the wire, which is the only order they can be read in. Slices of what was read.</summary>
    private ref struct Fields
    {
        public bool HasSessionKey;
        public bool HasTokenSignature;
        public bool HasToken;
        public bool HasAccount;
        public bool WantsData;
        public ReadOnlySpan<byte> SessionKey;
        public ReadOnlySpan<byte> TokenSignature;
        public ReadOnlySpan<byte> Token;
        public ReadOnlySpan<byte> Account;
        public ReadOnlySpan<byte> Signature;
        public short[] Namespaces;
        public long Seconds;

        public static Fields Read(ReadOnlySpan<byte> dict)
        {
            var cursor = new BencodeCursor(dict);
            cursor.Expect('d');
            var fields = new Fields();
            fields.SessionKey = (fields.HasSessionKey = cursor.TryFind("P"u8)) ? cursor.ReadString() : [];
            fields.TokenSignature = (fields.HasTokenSignature = cursor.TryFind("S"u8)) ? cursor.ReadString() : [];
            fields.Token = (fields.HasToken = cursor.TryFind("T"u8)) ? cursor.ReadString() : [];
            fields.WantsData = cursor.TryFind("d"u8) && ReadFlag(ref cursor);
            fields.Namespaces = cursor.TryFind("n"u8) ? ReadNamespaces(ref cursor) : throw new FormatException("n is missing");
            fields.Account = (fields.HasAccount = cursor.TryFind("p"u8)) ? cursor.ReadString() : [];
            fields.Signature = cursor.TryFind("s"u8) ? cursor.ReadString() : throw new FormatException("s is missing");
            fields.Seconds = cursor.TryFind("t"u8) ? cursor.ReadInteger() : throw new FormatException("t is missing");
            return fields;
        }

        private static bool ReadFlag(ref BencodeCursor cursor) => cursor.ReadInteger() switch
        {
            0 => false,
            1 => true,
            _ => throw new FormatException("d is 0 or 1"),
        };

        private static short[] ReadNamespaces(ref BencodeCursor cursor)
        {
            Span<short> few = stackalloc short[FewNamespaces];
            var count = 0;
            List<short>? many = null;
            cursor.Expect('l');
            while (!cursor.TryEnd())
            {
                var value = cursor.ReadInteger();
                if (value is < short.MinValue or > short.MaxValue)
                    throw new FormatException("A namespace has 16 bits");
                if (count < few.Length)
                    few[count++] = (short)value;
                else
                    (many ??= []).Add((short)value);
            }

            return many is null ? few[..count].ToArray() : [.. few, .. many];
        }
    }
}
