using System.Text.RegularExpressions;
using System.Xml.Linq;
using Sotto.Dev.Providers;
using Sotto.TestSupport;

namespace EndToEnd.Tests.Tools;

/// <summary>The template of a provider, copied. That it compiles and passes is seen where it lies: it is part of the solution, and its tests are among those of <c>./dev test</c>.</summary>
public sealed class ProviderTemplateTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("sotto-provider-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void A_copy_bears_the_new_name_alone_and_refers_to_what_is_there()
    {
        var files = new ProviderTemplate(Repository.Root, "Wns").CopyTo(_folder);

        Assert.That(files, Does.Contain("services/WnsSender/WnsPushProvider.cs").And.Contain("simulators/FakeWns/FakeWns.cs").And.Contain("libs/providers/Wns/WnsClient.cs"));
        Assert.That(files.Where(file => Regex.IsMatch(file + File.ReadAllText(Path.Combine(_folder, file)), "example", RegexOptions.IgnoreCase, TimeSpan.FromSeconds(1))), Is.Empty);
        foreach (var project in files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)))
        {
            foreach (var reference in XDocument.Load(Path.Combine(_folder, project)).Descendants("ProjectReference").Select(element => element.Attribute("Include")!.Value))
            {
                var path = Path.GetRelativePath(_folder, Path.GetFullPath(Path.Combine(_folder, Path.GetDirectoryName(project)!, reference)));
                Assert.That(files.Contains(path) || File.Exists(Repository.At(path)), Is.True, $"{project} refers to {reference}");
            }
        }
    }

    [Test]
    public void The_lines_that_others_need_are_put_in_once()
    {
        var template = new ProviderTemplate(Repository.Root, "Wns");

        var compose = template.InCompose(File.ReadAllText(Repository.At("docker-compose.yml")));
        var contracts = template.InContracts(File.ReadAllText(Repository.At("contracts", "Provider.cs")));

        Assert.That(compose, Does.Contain("SERVICE: WnsSender }").And.Contain("SERVICE: FakeWns }").And.Contain("webpush wns dummy; do"));
        Assert.That(compose.Split("  key-wns:\n"), Has.Length.EqualTo(2));
        Assert.That(compose, Does.Contain("access apply --sender WnsSender=wns --folder").And.Contain("WebPushSender WnsSender StubSender; do"));
        Assert.That(compose.Split("  access-WnsSender:\n"), Has.Length.EqualTo(2));
        Assert.That(contracts, Does.Contain("public const string Wns = \"wns\";").And.Contain(", Wns, Dummy];"));
    }

    [TestCase("Dummy")]
    [TestCase("Firebase")]
    [TestCase("Webpush")]
    public void A_name_that_a_provider_has_is_refused(string name)
    {
        var contracts = File.ReadAllText(Repository.At("contracts", "Provider.cs"));

        Assert.That(() => new ProviderTemplate(Repository.Root, name).InContracts(contracts), Throws.InstanceOf<Sotto.Dev.DevException>().With.Message.Contain("already"));
    }

    [Test]
    public void Nothing_that_is_there_is_touched()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "services", "WnsSender"));
        File.WriteAllText(Path.Combine(_folder, "services", "WnsSender", "Program.cs"), "mine");

        Assert.That(() => new ProviderTemplate(Repository.Root, "Wns").CopyTo(_folder), Throws.InstanceOf<Sotto.Dev.DevException>());
        Assert.That(Directory.GetFiles(_folder, "*", SearchOption.AllDirectories), Has.Length.EqualTo(1));
    }

    [TestCase("wns")]
    [TestCase("W-ns")]
    [TestCase("")]
    public void A_name_that_is_no_word_of_code_is_refused(string name) =>
        Assert.That(() => new ProviderTemplate(Repository.Root, name), Throws.InstanceOf<Sotto.Dev.DevException>());
}
