namespace Sotto.Bencode;

/// <summary>What stands next in a bencoded input, told by its first byte.</summary>
public enum BencodeKind
{
    /// <summary>A byte that begins nothing.</summary>
    Malformed,

    /// <summary>The input is used up.</summary>
    EndOfInput,

    /// <summary>The end of the list or dictionary that is being read.</summary>
    End,

    /// <summary><c>i…e</c>.</summary>
    Number,

    /// <summary><c>length:bytes</c>.</summary>
    ByteString,

    /// <summary><c>l…e</c>.</summary>
    List,

    /// <summary><c>d…e</c>.</summary>
    Dictionary,
}
