using System.Text.Json;
using Sotto.Session;

namespace SubscriptionApi.Subscriptions;

/// <summary>The items of a request: one object, or an array of what should be objects.</summary>
/// <param name="IsArray">The answer must be one too.</param>
/// <param name="Items">Null stands for what is not an object. Null itself when the request is neither object nor array.</param>
internal readonly record struct RequestItems(bool IsArray, IReadOnlyList<ItemFields?>? Items)
{
    /// <summary>Finds the items in a text that <see cref="ClientJson.TryTake"/> has taken.</summary>
    public static RequestItems Find(ReadOnlyMemory<byte> json)
    {
        var reader = ClientJson.Reader(json.Span);
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.StartObject => new(false, [ItemFields.Find(json, ref reader)]),
            JsonTokenType.StartArray => new(true, FindAll(json, ref reader)),
            _ => new(false, null),
        };
    }

    private static List<ItemFields?> FindAll(ReadOnlyMemory<byte> json, ref Utf8JsonReader reader)
    {
        var items = new List<ItemFields?>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                items.Add(ItemFields.Find(json, ref reader));
                continue;
            }

            reader.Skip();
            items.Add(null);
        }

        return items;
    }
}
