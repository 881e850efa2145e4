using System.Text.RegularExpressions;

namespace Sotto.Dev.Providers;

/// <summary>Copies <c>templates/provider</c> under another name, and says the few lines that the rest of the repository needs of it.</summary>
internal sealed partial class ProviderTemplate
{
    private const string TemplateName = "Example";

    // How much deeper the template lies than its copy.
    private const int LevelsDeeper = 2;

    private readonly string _root;

    /// <summary>The template of a repository.</summary>
    /// <param name="root">The folder that holds Microservices.sln.</param>
    /// <param name="name">The provider's name as a word of code: letters and digits, such as <c>Wns</c>.</param>
    public ProviderTemplate(string root, string name)
    {
        if (!Word().IsMatch(name))
            throw new DevException($"'{name}' cannot be a word of code: a capital letter, then up to 23 letters and digits, such as Wns.");
        (_root, Name, BusName) = (root, name, name.ToLowerInvariant());
    }

    /// <summary>The provider's name in code.</summary>
    public string Name { get; }

    /// <summary>The provider's name as clients say it in <c>service</c>, and in queue names.</summary>
    public string BusName { get; }

    private string Folder => Path.Combine(_root, "templates", "provider");

    /// <summary>Writes the copy below <paramref name="target"/>; no file that exists is touched.</summary>
    /// <returns>The files, relative to it.</returns>
    public IReadOnlyList<string> CopyTo(string target)
    {
        var files = Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "packages.lock.json").Order(StringComparer.Ordinal)
            .Select(file => (From: file, To: Rename(Path.GetRelativePath(Folder, file)))).ToList();
        if (files.Find(file => File.Exists(Path.Combine(target, file.To))) is { To: { } there })
            throw new DevException($"{there} is there already.");
        foreach (var (from, to) in files)
        {
            var path = Path.Combine(target, to);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var text = Rename(File.ReadAllText(from));
            File.WriteAllText(path, path.EndsWith(".csproj", StringComparison.Ordinal) ? Lift(text, depth: to.Split('/').Length - 1) : text);
        }

        return [.. files.Select(file => file.To)];
    }

    /// <summary>The compose file with this provider in it.</summary>
    public string InCompose(string compose)
    {
        var (key, access, fake) = ($"key-{BusName}", $"access-{Name}Sender", $"fake-{BusName}");
        var sender = $$"""
              {{Name}}Sender:
                <<: *service
                image: sotto/{{BusName}}-sender
                build: { context: ., args: { SERVICE: {{Name}}Sender } }
                environment:
                  <<: *common
                  {{Name}}__Endpoint: ${{{BusName.ToUpperInvariant()}}_ENDPOINT:-https://{{fake}}:8443}
                  {{Name}}__ApiKeyFile: /credentials/{{BusName}}-api-key
                  {{Name}}__SealingKeyFile: /keys/{{BusName}}/{{BusName}}.key
                volumes: ["{{access}}:/access:ro", "{{key}}:/keys/{{BusName}}:ro", "${CREDENTIALS:-credentials}:/credentials:ro"]
                depends_on:
                  <<: *needs-broker
                  {{fake}}: { condition: service_healthy, required: false }


            """;
        var simulator = $$"""
              {{fake}}:
                <<: *fake
                image: sotto/{{fake}}
                build: { context: ., args: { SERVICE: Fake{{Name}} } }
                command: ["--credentials-folder", "/credentials", "--bind", "0.0.0.0", "--host", "{{fake}}", "--port", "8443", "--control-port", "8080"]
                volumes: ["credentials:/credentials"]
                healthcheck: { <<: *ready, test: ["CMD", "healthy", "8080", "/stats"] }


            """;
        compose = Before(compose, "  # Delivers nowhere;", sender);
        compose = Before(compose, "networks:\n  default:\n    ipam", simulator);
        compose = Before(compose, " dummy; do\n", $" {BusName}");
        compose = Before(compose, "      - key-dummy:/keys/dummy\n", $"      - {key}:/keys/{BusName}\n");
        compose = Before(compose, "  key-dummy:\n", $"  {key}:\n");
        compose = Before(compose, " --folder /access/all\n", $" --sender {Name}Sender={BusName}");
        compose = Before(compose, " StubSender; do\n", $" {Name}Sender");
        compose = Before(compose, "      - access-StubSender:/access/StubSender\n", $"      - {access}:/access/{Name}Sender\n");
        return Before(compose, "  access-StubSender:\n", $"  {access}:\n");
    }

    /// <summary><c>contracts/Provider.cs</c> with this provider in it.</summary>
    public string InContracts(string contracts)
    {
        if (contracts.Contains($"string {Name} =", StringComparison.Ordinal) || contracts.Contains($"\"{BusName}\"", StringComparison.Ordinal))
            throw new DevException($"There is a provider {BusName} already: contracts/Provider.cs has it.");
        contracts = Before(contracts, "    /// <summary>Delivers nowhere;", $"    /// <summary>{Name}.</summary>\n    public const string {Name} = \"{BusName}\";\n\n");
        return Before(contracts, ", Dummy];", $", {Name}");
    }

    private static string Before(string text, string anchor, string inserted)
    {
        var at = text.IndexOf(anchor, StringComparison.Ordinal);
        return at >= 0 ? text.Insert(at, inserted) : throw new DevException($"The place '{anchor.Trim()}' was not found; was the file changed?");
    }

    private string Rename(string text) =>
        text.Replace(TemplateName, Name, StringComparison.Ordinal).Replace(TemplateName.ToLowerInvariant(), BusName, StringComparison.Ordinal);

    // A path that leads out of the template leads out of the copy two levels sooner.
    private static string Lift(string project, int depth) => Ascent().Replace(project, match =>
        match.Length / 3 > depth ? match.Value[(3 * LevelsDeeper)..] : match.Value);

    [GeneratedRegex("^[A-Z][A-Za-z0-9]{0,23}$", RegexOptions.None, 1000)]
    private static partial Regex Word();

    [GeneratedRegex(@"(\.\./)+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Ascent();
}
