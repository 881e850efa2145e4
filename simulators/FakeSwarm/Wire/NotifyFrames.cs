using Sotto.Sodium;

namespace Sotto.FakeSwarm.Wire;

/// <summary>The dict of <c>notify.message</c>.</summary>
internal static class NotifyFrames
{
    public static byte[] Message(ReadOnlySpan<byte> account, string hash, long space, long milliseconds, long expiryMilliseconds, byte[]? data)
    {
        var text = new BencodeText().Raw("d")
            .String("@").String(account)
            .String("h").String(hash)
            .String("n").Integer(space)
            .String("t").Integer(milliseconds)
            .String("z").Integer(expiryMilliseconds);
        if (data is not null)
            text.String("~").String(data);
        return text.Raw("e").ToArray();
    }

    /// <summary>43 characters: unpadded base64 of 32 bytes that the message and its place in the history determine.</summary>
    public static string Hash(ReadOnlySpan<byte> account, long number, ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[32];
        Blake2b.Hash([.. account, .. BitConverter.GetBytes(number), .. data], hash);
        return Convert.ToBase64String(hash).TrimEnd('=');
    }
}
