using System.Buffers;
using System.Buffers.Text;

namespace Sotto.WebPush;

/// <summary>Base64 as browsers and apps write it: either alphabet, with or without padding.</summary>
internal static class Base64Text
{
    /// <summary>False, never an exception, for everything that is not base64 of exactly <paramref name="size"/> bytes.</summary>
    public static bool TryDecode(string? text, int size, out byte[] bytes)
    {
        bytes = new byte[size];
        if (text is null || text.Length > 4 * size)
            return false;
        var plain = text.TrimEnd('=').Replace('+', '-').Replace('/', '_');
        return Base64Url.DecodeFromChars(plain, bytes, out var read, out var written) == OperationStatus.Done && read == plain.Length && written == size;
    }
}
