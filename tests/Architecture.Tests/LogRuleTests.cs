using System.Globalization;
using System.Text.RegularExpressions;

namespace Architecture.Tests;

/// <summary>Log events: each has a number of its own, in the range of its project, and none can be handed a secret.</summary>
public sealed partial class LogRuleTests
{
    // docs/operating/events.md; simulators and tools from 8000 on.
    private static readonly Dictionary<string, (int From, int To)> Ranges = new(StringComparer.Ordinal)
    {
        ["libs/Hosting/"] = (1000, 1099),
        ["libs/Storage/"] = (1100, 1199),
        ["services/SubscriptionApi/"] = (2000, 2099),
        ["services/SwarmListener/"] = (3000, 3099),
        ["services/Encryptor/"] = (4000, 4099),
        ["libs/Delivery/"] = (5000, 5099),
        ["services/ApnsSender/"] = (5100, 5199),
        ["services/FcmSender/"] = (5200, 5299),
        ["services/HuaweiSender/"] = (5300, 5399),
        ["services/WebPushSender/"] = (5400, 5499),
        ["services/DeadLetterKeeper/"] = (6000, 6099),
    };

    private static readonly string[] Secrets = ["Token", "DeviceToken", "SealedDeviceToken", "Account", "AccountId", "Pubkey", "Payload", "Envelope", "EnvelopeKey", "PrivateKey", "Secret", "Password", "Data", "Body"];

    [Test]
    public void Every_event_has_a_number_of_its_own()
    {
        var twice = Events().GroupBy(entry => entry.Id).Where(group => group.Count() > 1).Select(group => $"{group.Key}: {string.Join(", ", group.Select(entry => entry.File))}");

        Assert.That(twice, Is.Empty);
    }

    [Test]
    public void Every_event_is_in_the_range_of_its_project()
    {
        var strays = from entry in Events()
                     from range in Ranges
                     where entry.File.StartsWith(range.Key, StringComparison.Ordinal) && (entry.Id < range.Value.From || entry.Id > range.Value.To)
                     select $"{entry.File}: {entry.Id} is not in {range.Value}";

        var without = Events().Where(entry => entry.File.StartsWith("services/", StringComparison.Ordinal) && !Ranges.Keys.Any(range => entry.File.StartsWith(range, StringComparison.Ordinal)));

        Assert.That(strays, Is.Empty);
        Assert.That(without.Select(entry => $"{entry.File}: {entry.Id} has no range"), Is.Empty);
    }

    [Test]
    public void No_event_can_be_handed_a_secret() =>
        Assert.That(Events().Where(entry => Secrets.Any(secret => entry.Template.Contains($"{{{secret}}}", StringComparison.OrdinalIgnoreCase))).Select(entry => $"{entry.File}: {entry.Template}"), Is.Empty);

    [Test]
    public void Every_event_is_listed_for_operators()
    {
        const string List = "docs/operating/events.md";
        var listed = Sources.Read(List);

        Assert.That(Events().Where(entry => entry.Id < 8000 && !listed.Contains(entry.Id.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)).Select(entry => $"{entry.Id} ({entry.File})"), Is.Empty);
    }

    private static IEnumerable<(string File, int Id, string Template)> Events() =>
        from file in Sources.Files("*.cs", "libs", "services", "simulators", "tools")
        from match in LoggerMessage().Matches(Sources.Read(file))
        select (file, int.Parse(match.Groups["id"].Value, CultureInfo.InvariantCulture), match.Groups["rest"].Value);

    [GeneratedRegex(@"\[LoggerMessage\(\s*(EventId\s*=\s*)?(?<id>\d+)(?<rest>([^\]""]|""([^""\\]|\\.)*"")*)\]", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex LoggerMessage();
}
