using System.Buffers.Text;
using System.Text;

namespace Sotto.VendorHttp;

/// <summary>The compact form of a signed JSON text (RFC 7515): header, claims and signature in base64url without padding, joined by dots.</summary>
public static class CompactJws
{
    /// <summary>What is signed.</summary>
    public static string SigningInput(string headerJson, string claimsJson) =>
        $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(headerJson))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claimsJson))}";

    /// <summary>Signs and joins.</summary>
    /// <param name="headerJson">JOSE header as JSON text.</param>
    /// <param name="claimsJson">Claims as JSON text.</param>
    /// <param name="sign">Makes the signature over the ASCII bytes of the signing input.</param>
    public static string Sign(string headerJson, string claimsJson, Func<byte[], byte[]> sign)
    {
        var input = SigningInput(headerJson, claimsJson);
        return $"{input}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(input)))}";
    }
}
