using System.Text.Json;
using Sotto.VendorHttp;

namespace Sotto.Apns;

/// <summary>A key that signs provider tokens, with the ids that belong to it.</summary>
/// <param name="Pem">The text of the <c>.p8</c> file. Secret.</param>
/// <param name="KeyId">Its id, 10 characters.</param>
/// <param name="TeamId">The team's id, 10 characters.</param>
public sealed record ApnsKeyText(string Pem, string KeyId, string TeamId)
{
    /// <summary>True when the text is a JSON object, which brings its ids along, and not a <c>.p8</c> file.</summary>
    public static bool HoldsIds(string text) => text.AsSpan().TrimStart().StartsWith("{");

    /// <summary>Reads a <c>.p8</c> file's text, or a JSON object of <c>team_id</c>, <c>key_id</c> and <c>private_key</c>.</summary>
    /// <param name="text">The text. Secret.</param>
    /// <param name="keyId">The key's id, where the text does not say it.</param>
    /// <param name="teamId">The team's id, where the text does not say it.</param>
    /// <param name="source">Where the text is from, for errors.</param>
    /// <exception cref="VendorCredentialException">The text is neither, or an id is missing. Whether the key is one shows when a signer is made of it.</exception>
    public static ApnsKeyText Read(string text, string? keyId, string? teamId, string source)
    {
        if (!HoldsIds(text))
            return new ApnsKeyText(text, Needed(keyId, "key_id", source), Needed(teamId, "team_id", source));
        try
        {
            using var json = JsonDocument.Parse(text);
            return new ApnsKeyText(
                Needed(TextOf(json.RootElement, "private_key"), "private_key", source),
                Needed(TextOf(json.RootElement, "key_id") ?? keyId, "key_id", source),
                Needed(TextOf(json.RootElement, "team_id") ?? teamId, "team_id", source));
        }
        // The inner exception is left out: it may quote the text.
        catch (JsonException)
        {
            throw new VendorCredentialException($"{source} is neither a .p8 file nor JSON");
        }
    }

    /// <inheritdoc/>
    // A record would print the key.
    public override string ToString() => $"key {KeyId} of a team";

    private static string? TextOf(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Needed(string? value, string name, string source) =>
        value is { Length: > 0 } ? value : throw new VendorCredentialException($"{source} has no {name}");
}
