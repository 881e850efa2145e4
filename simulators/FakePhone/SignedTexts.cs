using System.Globalization;
using System.Text;

namespace Sotto.FakePhone;

/// <summary>The texts that a phone signs (session-v2 sections 3.1 and 3.2).</summary>
public static class SignedTexts
{
    /// <summary>What allows a server to listen.</summary>
    public static byte[] Monitor(string accountHex, long signedAtSeconds, bool wantData, IEnumerable<int> namespaces)
    {
        var list = string.Join(',', namespaces.Select(number => number.ToString(CultureInfo.InvariantCulture)));
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"MONITOR{accountHex}{signedAtSeconds}{(wantData ? 1 : 0)}{list}"));
    }

    /// <summary>What makes a server forget the device.</summary>
    public static byte[] Unsubscribe(string accountHex, long signedAtSeconds) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"UNSUBSCRIBE{accountHex}{signedAtSeconds}"));
}
