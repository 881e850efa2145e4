using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sotto.Dev.Running;

/// <summary>
/// What a sender says of itself in <c>services/NAME/sender.json</c>: so a new one is started, simulated and given its keys with no line of code here (docs/adding-a-provider.md).
/// </summary>
internal sealed partial record SenderManifest
{
    private const string FileName = "sender.json";

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    private static readonly Lazy<IReadOnlyList<SenderManifest>> Read = new(ReadAll);

    /// <summary>The service; the name of its folder.</summary>
    public string Service { get; private init; } = "";

    /// <summary>The providers that it serves, as clients name them.</summary>
    public required IReadOnlyList<string> Providers { get; init; }

    /// <summary>The simulator that plays its provider; null for none.</summary>
    public string? Simulator { get; init; }

    /// <summary>Whether it is started only when <c>--scale</c> asks for it.</summary>
    public bool OnRequest { get; init; }

    /// <summary>Settings that it is always given; values may hold <c>{key:NAME}</c>, <c>{p256:FILE}</c> and <c>{secret:FILE}</c>, which are made when they are missing.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Settings by which services use the simulator; <c>{name}</c> stands for a member of the line that it prints when it is ready.</summary>
    public IReadOnlyDictionary<string, string> Simulated { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What clients have to know before they subscribe, by provider; <c>{p256-public:FILE}</c> is the public half of such a key.</summary>
    public IReadOnlyDictionary<string, JsonObject> Clients { get; init; } = new Dictionary<string, JsonObject>(StringComparer.Ordinal);

    /// <summary>
    /// What a client says of its device (<c>service_info</c>), so that a phone of this sender's provider rings in the demo; <c>{hex:N}</c> stands for N random digits. Null for none,
    /// and where the demo knows a phone already.
    /// </summary>
    public JsonObject? Phone { get; init; }

    /// <summary>Every sender of this repository, by name.</summary>
    public static IReadOnlyList<SenderManifest> All => Read.Value;

    /// <summary>Puts in what the braces stand for.</summary>
    /// <param name="text">With names in braces.</param>
    /// <param name="find">Gives the value of a name.</param>
    public static string Fill(string text, Func<string, string> find) => Braces().Replace(text, match => find(match.Groups["name"].Value));

    private static IReadOnlyList<SenderManifest> ReadAll() =>
    [
        .. Directory.GetFiles(Path.Combine(Workspace.Root, "services"), FileName, SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select(file => ReadOne(file) with { Service = Path.GetFileName(Path.GetDirectoryName(file)!) }),
    ];

    private static SenderManifest ReadOne(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<SenderManifest>(File.ReadAllText(file), Form)!;
        }
        catch (JsonException e)
        {
            throw new DevException($"{file} cannot be read: {e.Message}");
        }
    }

    [GeneratedRegex(@"\{(?<name>[A-Za-z0-9:.\-]+)\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Braces();
}
