using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Sotto.FakePhone;

/// <summary>How the metadata of a notification was written.</summary>
public enum MetadataForm
{
    Json,
    Bencode,
}

/// <summary>A notification as the phone reads it (session-v2 section 6).</summary>
public sealed record Notification
{
    /// <summary>The account, in hex as it was written.</summary>
    public required string AccountHex { get; init; }

    public required string Hash { get; init; }

    /// <summary>Null where a server could not say it.</summary>
    public required int? Namespace { get; init; }

    public required long TimestampMilliseconds { get; init; }

    public required long ExpiryMilliseconds { get; init; }

    /// <summary>The length of the message, whether or not it is here; null where the server has none.</summary>
    public long? DataLength { get; init; }

    /// <summary>The message was too large to be here.</summary>
    public bool IsTooBig { get; init; }

    /// <summary>The message; null when it is not here.</summary>
    public byte[]? Data { get; init; }

    public required MetadataForm Form { get; init; }

    /// <inheritdoc/>
    // A record would print every property, the account included.
    public override string ToString() => "[notification]";

    /// <summary>Reads what an envelope held, with its padding.</summary>
    public static bool TryRead(ReadOnlySpan<byte> plaintext, [NotNullWhen(true)] out Notification? notification)
    {
        notification = null;
        try
        {
            if (Bencoding.Parse(plaintext.TrimEnd((byte)0)) is List<object> { Count: >= 1 } list)
                notification = Read(list[0], list.Count > 1 ? list[1] as byte[] : null);
        }
        catch (Exception wrong) when (wrong is FormatException or JsonException or KeyNotFoundException
            or InvalidOperationException or InvalidCastException or OverflowException)
        {
            return false;
        }

        return notification is not null;
    }

    private static Notification? Read(object metadata, byte[]? data) => metadata switch
    {
        byte[] json => FromJson(json) with { Data = data },
        Dictionary<string, object> dictionary => FromDictionary(dictionary) with { Data = data },
        _ => null,
    };

    private static Notification FromJson(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var number = root.GetProperty("n");
        return new()
        {
            AccountHex = root.GetProperty("@").GetString()!,
            Hash = root.GetProperty("#").GetString()!,
            Namespace = number.ValueKind == JsonValueKind.Null ? null : number.GetInt32(),
            TimestampMilliseconds = root.GetProperty("t").GetInt64(),
            ExpiryMilliseconds = root.GetProperty("z").GetInt64(),
            DataLength = root.TryGetProperty("l", out var length) ? length.GetInt64() : null,
            IsTooBig = root.TryGetProperty("B", out var tooBig) && tooBig.ValueKind == JsonValueKind.True,
            Form = MetadataForm.Json,
        };
    }

    private static Notification FromDictionary(Dictionary<string, object> dictionary) => new()
    {
        AccountHex = Text(dictionary["@"]),
        Hash = Text(dictionary["#"]),
        Namespace = checked((int)(long)dictionary["n"]),
        TimestampMilliseconds = (long)dictionary["t"],
        ExpiryMilliseconds = (long)dictionary["z"],
        DataLength = dictionary.TryGetValue("l", out var length) ? (long)length : null,
        IsTooBig = dictionary.TryGetValue("B", out var tooBig) && (long)tooBig == 1,
        Form = MetadataForm.Bencode,
    };

    private static string Text(object value) => Encoding.ASCII.GetString((byte[])value);
}
