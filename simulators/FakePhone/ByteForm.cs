namespace Sotto.FakePhone;

/// <summary>How bytes are written in a request; the server must take each (session-v2 section 2.4).</summary>
public enum ByteForm
{
    Hex,
    HexUpper,
    Base64,
    Base64Unpadded,
}

/// <summary>Writes bytes in a form.</summary>
public static class ByteForms
{
    public static string Write(this ByteForm form, ReadOnlySpan<byte> bytes) => form switch
    {
        ByteForm.Hex => Convert.ToHexStringLower(bytes),
        ByteForm.HexUpper => Convert.ToHexString(bytes),
        ByteForm.Base64 => Convert.ToBase64String(bytes),
        _ => Convert.ToBase64String(bytes).TrimEnd('='),
    };
}
