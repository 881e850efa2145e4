using System.Text;
using System.Text.Json.Nodes;
using Sotto.Contracts;
using Sotto.FakePhone;
using Phone = Sotto.FakePhone.FakePhone;

namespace Sotto.Bench.Subscribe;

/// <summary>Requests that are signed, sealed and written before the clock starts; each phone asks once.</summary>
internal sealed class PreparedRequests
{
    private const string OnionPath = "/oxen/v4/lsrpc";

    // Apart from the seeds of other benches.
    private const int SeedBase = 700_000_000;

    private readonly byte[][] _requests;
    private readonly OnionLetter?[] _letters;

    private PreparedRequests(int count, int itemsEach) => (_requests, _letters, ItemsEach) = (new byte[count][], new OnionLetter?[count], itemsEach);

    public int Count => _requests.Length;

    /// <summary>Subscriptions in each.</summary>
    public int ItemsEach { get; }

    /// <param name="api">Where they will go.</param>
    /// <param name="onionKey">The key that they are sealed to; null for plain requests.</param>
    /// <param name="first">Number of the first phone.</param>
    /// <param name="count">How many requests.</param>
    /// <param name="itemsEach">Subscriptions in each: 1 is an object, more are an array.</param>
    public static PreparedRequests Make(Uri api, byte[]? onionKey, int first, int count, int itemsEach)
    {
        var prepared = new PreparedRequests(count, itemsEach);
        Parallel.For(0, count, number =>
        {
            var body = Encoding.UTF8.GetBytes(BodyOf(first + number * itemsEach, itemsEach).ToJsonString());
            if (onionKey is null)
            {
                prepared._requests[number] = RawHttpConnection.Post(api, "/subscribe", "application/json", body);
                return;
            }

            // As clients of today do it.
            var letter = OnionLetter.Seal(onionKey, OnionCipher.XChaCha20, V4Envelope.WriteRequest("POST", "/subscribe", body));
            prepared._letters[number] = letter;
            prepared._requests[number] = RawHttpConnection.Post(api, OnionPath, "application/octet-stream", letter.Body);
        });
        return prepared;
    }

    public ReadOnlyMemory<byte> this[int number] => _requests[number];

    /// <summary>How many phones this answer says were added.</summary>
    public int Added(int number, ReadOnlySpan<byte> answer) =>
        (_letters[number] is { } letter ? V4Envelope.ReadResponse(letter.Open(answer)).Body : answer).Count("\"added\":true"u8);

    private static JsonNode BodyOf(int first, int count) =>
        count == 1 ? ItemOf(first) : new JsonArray([.. Enumerable.Range(first, count).Select(JsonNode (number) => ItemOf(number))]);

    private static JsonObject ItemOf(int number) => Phone.Create(SeedBase + number).SubscribeRequest(Provider.Apns, [0]);
}
