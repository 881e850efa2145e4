using System.Text.Json;
using System.Text.Json.Nodes;
using Sotto.Contracts;
using SubscriptionApi.Http;

namespace SubscriptionApi.Providers;

/// <summary>
/// Answers clients that ask which providers there are, and what they have to know before they subscribe with one: for each <c>NAME.pub</c> in the folder of public keys, what the
/// operator put beside it in <c>NAME.json</c>. This service understands nothing of it. Thread-safe.
/// </summary>
internal sealed class ProviderFacts(SealingSettings settings, TimeProvider clock, ILogger<ProviderFacts> logger)
{
    /// <summary>Longest file of facts, in bytes.</summary>
    public const int BytesMax = 4096;

    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _looking = new();
    private ApiAnswer? _answer;
    private long _lookedAt;

    /// <summary>The answer, a JSON object by provider.</summary>
    public Task<ApiAnswer> AnswerAsync(RequestBody body, CancellationToken cancellationToken)
    {
        lock (_looking)
        {
            if (_answer is null || clock.GetElapsedTime(_lookedAt) >= LookAgainAfter)
                (_answer, _lookedAt) = (ApiAnswer.Json(JsonSerializer.SerializeToUtf8Bytes(Look())), clock.GetTimestamp());
            return Task.FromResult(_answer);
        }
    }

    private JsonObject Look()
    {
        var facts = new JsonObject();
        var names = Directory.EnumerateFiles(settings.PublicKeysFolder, "*.pub").Select(file => Path.GetFileNameWithoutExtension(file)!)
            .Where(name => Provider.IsWellFormed(name) && name != SealingKeys.Encryptor);
        foreach (var name in names.Take(SealingKeys.FilesMax).Order(StringComparer.Ordinal))
            facts[name] = Read(name);
        return facts;
    }

    private JsonObject Read(string name)
    {
        var file = new FileInfo(Path.Combine(settings.PublicKeysFolder, $"{name}.json"));
        try
        {
            if (file is { Exists: true, Length: <= BytesMax } && JsonNode.Parse(File.ReadAllBytes(file.FullName)) is JsonObject facts)
                return facts;
            if (file.Exists)
                logger.FactsNotRead(name, "no JSON object, or too long");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            logger.FactsNotRead(name, e.GetType().Name);
        }

        return [];
    }
}
