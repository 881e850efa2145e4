using System.Text.Json.Nodes;

namespace Sotto.Dev.Running;

/// <summary>What clients have to know before they subscribe with a provider, beside the public keys, where the SubscriptionApi finds it: <c>NAME.json</c>.</summary>
internal static class ClientFacts
{
    public static void Write(string publicFolder, string credentials)
    {
        foreach (var (provider, facts) in SenderManifest.All.SelectMany(sender => sender.Clients))
        {
            var filled = facts.ToDictionary(
                fact => fact.Key,
                fact => (JsonNode?)SenderManifest.Fill(fact.Value!.GetValue<string>(), name => name.Split(':', 2) is ["p256-public", var file]
                    ? MadeUpCredentials.P256PublicKey(credentials, file)
                    : throw new DevException($"sender.json: what clients of {provider} have to know can hold {{p256-public:FILE}} alone, not {{{name}}}.")),
                StringComparer.Ordinal);
            File.WriteAllText(Path.Combine(publicFolder, $"{provider}.json"), new JsonObject(filled).ToJsonString());
        }
    }
}
