using System.CommandLine;
using System.Globalization;
using Sotto.Dev.Running;

namespace Sotto.Dev.Commands;

/// <summary>The options by which a system is described on the command line.</summary>
internal sealed class SystemOptions
{
    private const int InstancesMax = 64;
    private static readonly string[] PathEndings = ["File", "Folder", ":TrustedCa"];

    public Option<string[]> Scale { get; } = new("--scale")
    {
        Description = "Instances of a service, as NAME=N; may be repeated. 0 leaves it out; StubSender and DeadLetterKeeper run only when asked for.",
        HelpName = "NAME=N",
        DefaultValueFactory = _ => [],
    };

    public Option<bool> NoSimulators { get; } = new("--no-simulators")
    {
        Description = "Start no simulated network and providers; outside addresses come from --set. A provider is served when its address or its credentials are set.",
    };

    public Option<string[]> Set { get; } = new("--set")
    {
        Description = "A setting for all services, as Section:Key=value; may be repeated. RabbitMq= and Postgres= name the servers to use.",
        HelpName = "Section:Key=value",
        DefaultValueFactory = _ => [],
    };

    public void AddTo(Command command)
    {
        command.Add(Scale);
        command.Add(NoSimulators);
        command.Add(Set);
    }

    /// <summary>The plan that the options describe, completed by <paramref name="plan"/>.</summary>
    public SystemPlan Apply(SystemPlan plan, ParseResult parsed)
    {
        var settings = Pairs(parsed.GetValue(Set)!, "--set", "Section:Key=value");
        if (settings.ContainsKey("Admin:Urls"))
            throw new DevException("Admin:Urls cannot be set here: each service gets an address of its own; ./dev status shows it.");

        var rabbitMq = Take(settings, "RabbitMq");
        if (rabbitMq is not null && !(Uri.TryCreate(rabbitMq, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps"))
            throw new DevException("--set RabbitMq= needs an address of the form amqp://user:password@host:5672/vhost.");

        var postgres = Take(settings, "Postgres");
        return plan with
        {
            Settings = settings.ToDictionary(setting => setting.Key, setting => IsPath(setting.Key) && setting.Value.Length > 0 ? Path.GetFullPath(setting.Value) : setting.Value, StringComparer.OrdinalIgnoreCase),
            RabbitMq = rabbitMq is null ? null : new Uri(rabbitMq),
            Postgres = postgres,
            Scale = Pairs(parsed.GetValue(Scale)!, "--scale", "NAME=N").ToDictionary(pair => ServiceName(pair.Key), pair => Instances(pair.Value), StringComparer.Ordinal),
            Simulators = !parsed.GetValue(NoSimulators),
        };
    }

    private static Dictionary<string, string> Pairs(IEnumerable<string> texts, string option, string form)
    {
        var pairs = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                throw new DevException($"{option} {text}: the form is {form}.");

            pairs[text[..equals].Trim()] = text[(equals + 1)..];
        }

        return pairs;
    }

    // Services run in folders of their own; a path that was meant from here must lead there too.
    private static bool IsPath(string key) => PathEndings.Any(ending => key.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    private static string? Take(Dictionary<string, string> settings, string name)
    {
        settings.Remove(name, out var plain);
        settings.Remove($"ConnectionStrings:{name}", out var full);
        return full ?? plain;
    }

    private static string ServiceName(string name) =>
        ServiceCatalogue.All.FirstOrDefault(service => service.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new DevException($"--scale {name}: there is no such service; there are {string.Join(", ", ServiceCatalogue.All)}.");

    private static int Instances(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= InstancesMax
            ? number
            : throw new DevException($"--scale: '{text}' is not a number of instances between 0 and {InstancesMax}.");
}
