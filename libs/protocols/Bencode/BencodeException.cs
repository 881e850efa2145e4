namespace Sotto.Bencode;

/// <summary>The bytes are not the bencoding that was expected. Says where, never what stands there.</summary>
/// <param name="offset">Where in the input the first value that could not be read begins, in bytes from the start.</param>
public sealed class BencodeException(int offset) : FormatException($"Malformed bencoding at byte {offset}.")
{
    /// <summary>Where in the input the first value that could not be read begins, in bytes from the start.</summary>
    public int Offset { get; } = offset;
}
