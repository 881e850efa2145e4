using System.Globalization;
using System.Text;

namespace Sotto.Session;

/// <summary>The texts that clients sign (session-v2 sections 3.1 and 3.2), as ASCII bytes. The account stands in them in lower-case hex.</summary>
public static class SignedText
{
    /// <summary>What authorizes anyone who holds the signature to be told of this account's messages.</summary>
    /// <param name="account">The account, also when a subaccount signs.</param>
    /// <param name="signedAtSeconds">Signature time, unix seconds.</param>
    /// <param name="wantsData">Whether message data is wanted.</param>
    /// <param name="namespaces">The namespaces, in the order of the request.</param>
    public static byte[] Monitor(AccountId account, long signedAtSeconds, bool wantsData, ReadOnlySpan<short> namespaces)
    {
        var text = Begin("MONITOR", account, signedAtSeconds).Append(wantsData ? '1' : '0');
        for (var i = 0; i < namespaces.Length; i++)
        {
            if (i > 0)
                text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{namespaces[i]}");
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>What ends a device's subscription to this account.</summary>
    /// <param name="account">The account, also when a subaccount signs.</param>
    /// <param name="signedAtSeconds">Signature time, unix seconds.</param>
    public static byte[] Unsubscribe(AccountId account, long signedAtSeconds) =>
        Encoding.ASCII.GetBytes(Begin("UNSUBSCRIBE", account, signedAtSeconds).ToString());

    private static StringBuilder Begin(string verb, AccountId account, long signedAtSeconds) =>
        new StringBuilder(verb).Append(Convert.ToHexStringLower(account.Bytes)).Append(CultureInfo.InvariantCulture, $"{signedAtSeconds}");
}
