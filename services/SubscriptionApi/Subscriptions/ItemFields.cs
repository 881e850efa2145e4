using System.Text.Json;
using Sotto.Session;

namespace SubscriptionApi.Subscriptions;

/// <summary>
/// Takes an item's fields one by one and remembers the first that is wrong, which decides the answer (session-v2 section 2.4). After that, what
/// is taken is meaningless.
/// </summary>
/// <param name="item">The item; unknown fields are passed over, and of fields given twice the last counts.</param>
internal sealed class ItemFields(JsonElement item)
{
    /// <summary>The answer when a field was wrong.</summary>
    public ItemAnswer? Refusal { get; private set; }

    /// <summary>True when the item has the field, even as null.</summary>
    public bool Has(string name) => item.TryGetProperty(name, out _);

    /// <summary>Bytes of exactly this size, in any of the spellings of session-v2 section 2.4.</summary>
    public byte[] TakeBytes(string name, int size)
    {
        if (!TryTake(name, out var value))
            return [];
        var bytes = new byte[size];
        if (value.ValueKind == JsonValueKind.String && JsonBytes.TryDecode(value.GetString()!, bytes))
            return bytes;
        Refuse($"Invalid value of '{name}': expected bytes, hex, or base64 of {size} bytes");
        return [];
    }

    public string TakeText(string name)
    {
        if (!TryTake(name, out var value))
            return "";
        if (value.ValueKind == JsonValueKind.String)
            return value.GetString()!;
        Refuse($"Invalid value of '{name}': expected a string");
        return "";
    }

    public JsonElement TakeAny(string name) => TryTake(name, out var value) ? value : default;

    /// <summary>An integer; fractions, exponents and numbers in strings are none.</summary>
    public long TakeInteger(string name)
    {
        if (!TryTake(name, out var value))
            return 0;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number))
            return number;
        Refuse($"Invalid value of '{name}': expected an integer");
        return 0;
    }

    public bool TakeTruth(string name)
    {
        if (!TryTake(name, out var value))
            return false;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Refuse($"Invalid value of '{name}': expected true or false");
        return false;
    }

    /// <summary>An array of 16-bit integers, in the order given.</summary>
    public short[] TakeShorts(string name)
    {
        if (!TryTake(name, out var value))
            return [];
        if (value.ValueKind != JsonValueKind.Array)
        {
            Refuse($"Invalid value of '{name}': expected an array");
            return [];
        }

        var numbers = new short[value.GetArrayLength()];
        var i = 0;
        foreach (var element in value.EnumerateArray())
        {
            if (element.ValueKind == JsonValueKind.Number && element.TryGetInt16(out numbers[i++]))
                continue;
            Refuse($"Invalid value of '{name}': expected integers from -32768 to 32767");
            return [];
        }

        return numbers;
    }

    /// <summary>Makes this the answer unless an earlier field was wrong already.</summary>
    public void Refuse(string message) => Refusal ??= ItemAnswer.Refusal(ErrorCode.Error, message);

    private bool TryTake(string name, out JsonElement value)
    {
        value = default;
        if (Refusal is not null)
            return false;
        if (item.TryGetProperty(name, out value))
            return true;
        // The code is 4, not 1: the reference means 1 and answers 4, and clients know it so.
        Refuse($"Missing required parameter '{name}'");
        return false;
    }
}
