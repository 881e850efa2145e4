using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sotto.FakeProvider;

namespace Sotto.FakeExample;

/// <summary>A simulated Example, written from its documentation and from nothing of ours.</summary>
[SuppressMessage("Design", "MA0049", Justification = "A simulator is called what it simulates, and so is its assembly.")]
public sealed class FakeExample : ProviderSimulator
{
    private const int BodyBytesMax = 4096;

    private FakeExample(FakeProviderOptions options, string? apiKey)
        : base("example", options) => ApiKey = apiKey ?? NewApiKey();

    /// <summary>The account's key.</summary>
    public string ApiKey { get; }

    /// <summary>A key such as the vendor gives.</summary>
    public static string NewApiKey() => RandomNumberGenerator.GetHexString(40, lowercase: true);

    /// <summary>Starts a simulated Example.</summary>
    public static async Task<FakeExample> StartAsync(FakeProviderOptions? options = null, string? apiKey = null)
    {
        var example = new FakeExample(options ?? new(), apiKey);
        await example.ListenAsync(new ListenerPlan("example", example.Options.Port, HttpProtocols.Http1AndHttp2));
        return example;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TokensOf(ReceivedRequest request) => Read(request) is { } message ? [message.Token] : [];

    /// <inheritdoc/>
    protected override Verdict Judge(ReceivedRequest request, ConnectionState connection)
    {
        if (request is not { Method: "POST", Path: "/v1/send" })
            return Refuse(404, "no such method");
        if (request.Header("authorization") != "Bearer " + ApiKey)
            return Refuse(401, "bad key");
        if (request.Body.Length > BodyBytesMax)
            return Refuse(413, "too large");
        if (Read(request) is not { } message)
            return Refuse(400, "not understood");
        return Tokens[message.Token].State switch
        {
            TokenState.Alive => Take(request, message),
            TokenState.Foreign => Refuse(400, "device of another account"),
            TokenState.Throttled => Refuse(429, "slow down"),
            _ => Refuse(404, "no such device"),
        };
    }

    private static Verdict Take(ReceivedRequest request, Message message)
    {
        var content = Encoding.UTF8.GetBytes(message.Data);
        // What the app on the device reads: the phone of ./dev demo finds its envelope there, as the member enc_payload of a JSON object. From a vendor whose message is
        // another, put it into such an object here.
        request.Opened = content;
        return new Verdict
        {
            Status = 200,
            ContentType = "application/json",
            Body = JsonSerializer.SerializeToUtf8Bytes(new { id = Guid.NewGuid() }),
            AcceptedTokens = [message.Token],
            Content = content,
        };
    }

    private static Verdict Refuse(int status, string error) => new()
    {
        Status = status,
        Reason = error,
        ContentType = "application/json",
        Body = JsonSerializer.SerializeToUtf8Bytes(new { error }),
    };

    private static Message? Read(ReceivedRequest request)
    {
        try
        {
            return JsonSerializer.Deserialize<Message>(request.Body, JsonSerializerOptions.Web) is { Token.Length: > 0, Data: not null } message ? message : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Message(string Token, string Data, long Ttl);
}
