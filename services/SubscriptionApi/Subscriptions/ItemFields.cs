using System.Text.Json;
using Sotto.Session;

namespace SubscriptionApi.Subscriptions;

/// <summary>
/// Takes an item's fields one by one and remembers the first that is wrong, which decides the answer (session-v2 section 2.4). After that, what
/// is taken is meaningless.
/// </summary>
internal sealed class ItemFields
{
    private readonly ReadOnlyMemory<byte> _json;
    private readonly Place[] _places = new Place[FieldNames.All.Length];

    private ItemFields(ReadOnlyMemory<byte> json) => _json = json;

    /// <summary>The answer when a field was wrong.</summary>
    public ItemAnswer? Refusal { get; private set; }

    /// <summary>Finds the fields of the object at whose beginning the reader stands; unknown ones are passed over, and of those given twice the last counts.</summary>
    /// <param name="json">All that the reader reads.</param>
    /// <param name="reader">Stands at the object's end afterwards.</param>
    public static ItemFields Find(ReadOnlyMemory<byte> json, ref Utf8JsonReader reader)
    {
        var fields = new ItemFields(json);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = FieldNames.Find(ref reader);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (field >= 0)
                fields._places[field] = new Place(start, (int)reader.BytesConsumed - start);
        }

        return fields;
    }

    /// <summary>True when the item has the field, even as null.</summary>
    public bool Has(string name) => _places[FieldNames.IndexOf(name)].Length > 0;

    /// <summary>Bytes of exactly this size, in any of the spellings of session-v2 section 2.4.</summary>
    public byte[] TakeBytes(string name, int size)
    {
        if (!TryTake(name, out var value))
            return [];
        var bytes = new byte[size];
        if (value.TokenType == JsonTokenType.String && JsonBytes.TryDecode(value.GetString()!, bytes))
            return bytes;
        Refuse($"Invalid value of '{name}': expected bytes, hex, or base64 of {size} bytes");
        return [];
    }

    public string TakeText(string name)
    {
        if (!TryTake(name, out var value))
            return "";
        if (value.TokenType == JsonTokenType.String)
            return value.GetString()!;
        Refuse($"Invalid value of '{name}': expected a string");
        return "";
    }

    /// <summary>The JSON text of a value of any kind, a slice of the request.</summary>
    public ReadOnlyMemory<byte> TakeJson(string name) => TryTake(name, out _) ? _places[FieldNames.IndexOf(name)].Of(_json) : default;

    /// <summary>An integer, as the reference takes it: of other numbers what stands before the point, and of those out of range something that no time is.</summary>
    public long TakeInteger(string name)
    {
        if (!TryTake(name, out var value))
            return 0;
        if (value.TokenType == JsonTokenType.Number)
            return value.TryGetInt64(out var number) ? number : Truncated(value.GetDouble());
        Refuse($"Invalid value of '{name}': expected an integer");
        return 0;
    }

    public bool TakeTruth(string name)
    {
        if (!TryTake(name, out var value))
            return false;
        if (value.TokenType is JsonTokenType.True or JsonTokenType.False)
            return value.GetBoolean();
        Refuse($"Invalid value of '{name}': expected true or false");
        return false;
    }

    /// <summary>An array of 16-bit integers, in the order given; fractions and exponents are none.</summary>
    public short[] TakeShorts(string name)
    {
        if (!TryTake(name, out var value))
            return [];
        if (value.TokenType != JsonTokenType.StartArray)
        {
            Refuse($"Invalid value of '{name}': expected an array");
            return [];
        }

        var numbers = new List<short>();
        while (value.Read() && value.TokenType != JsonTokenType.EndArray)
        {
            if (value.TokenType != JsonTokenType.Number || !value.TryGetInt16(out var number))
            {
                Refuse($"Invalid value of '{name}': expected integers from -32768 to 32767");
                return [];
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    /// <summary>Makes this the answer unless an earlier field was wrong already.</summary>
    public void Refuse(string message) => Refusal ??= ItemAnswer.Refusal(ErrorCode.Error, message);

    /// <summary>Never the content.</summary>
    public override string ToString() => nameof(ItemFields);

    private static long Truncated(double number) => number is > long.MinValue and < long.MaxValue ? (long)number : long.MinValue;

    private bool TryTake(string name, out Utf8JsonReader value)
    {
        value = default;
        if (Refusal is not null)
            return false;
        if (_places[FieldNames.IndexOf(name)] is { Length: > 0 } place)
        {
            value = ClientJson.Reader(place.Of(_json).Span);
            return value.Read();
        }

        // The code is 4, not 1: the reference means 1 and answers 4, and clients know it so.
        Refuse($"Missing required parameter '{name}'");
        return false;
    }

    private readonly record struct Place(int Start, int Length)
    {
        public ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json) => json.Slice(Start, Length);
    }

    /// <summary>What an item may say (session-v2 sections 2.4 and 2.5).</summary>
    private static class FieldNames
    {
        public static readonly string[] All =
            ["pubkey", "session_ed25519", "subaccount", "subaccount_sig", "signature", "sig_ts", "service", "service_info", "enc_key", "namespaces", "data"];

        public static int IndexOf(string name) => Array.IndexOf(All, name);

        // Compared as text: a name may be written with escapes.
        public static int Find(ref Utf8JsonReader reader)
        {
            for (var i = 0; i < All.Length; i++)
            {
                if (reader.ValueTextEquals(All[i]))
                    return i;
            }

            return -1;
        }
    }
}
