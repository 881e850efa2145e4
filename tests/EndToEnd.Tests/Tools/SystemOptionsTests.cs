using System.CommandLine;
using Sotto.Dev;
using Sotto.Dev.Commands;
using Sotto.Dev.Running;

namespace EndToEnd.Tests.Tools;

/// <summary>How a system is described on the command line, and how a slip is answered.</summary>
public sealed class SystemOptionsTests
{
    [Test]
    public void Scale_and_settings_are_read()
    {
        var plan = Read("--scale", "swarmlistener=3", "--scale", "ApnsSender=0", "--set", "Apns:Topic=a=b", "--no-simulators");

        Assert.That(plan.Scale, Is.EqualTo(new Dictionary<string, int> { ["SwarmListener"] = 3, ["ApnsSender"] = 0 }));
        Assert.That(plan.Settings, Is.EqualTo(new Dictionary<string, string> { ["Apns:Topic"] = "a=b" }));
        Assert.That(plan.Simulators, Is.False);
    }

    [TestCase("Tls:TrustedCa")]
    [TestCase("Apns:KeyFile")]
    [TestCase("Sealing:PublicKeysFolder")]
    public void A_path_is_meant_from_where_one_stands(string key) =>
        Assert.That(Read("--set", $"{key}=here/x").Settings[key], Is.EqualTo(Path.Combine(Environment.CurrentDirectory, "here", "x")));

    [TestCase("RabbitMq", "Postgres")]
    [TestCase("ConnectionStrings:RabbitMq", "ConnectionStrings:Postgres")]
    public void Servers_are_named_by_short_or_full_names(string rabbitMq, string postgres)
    {
        var plan = Read("--set", $"{rabbitMq}=amqp://u:p@h:5672/v", "--set", $"{postgres}=Host=h;Username=u");

        Assert.That(plan.RabbitMq, Is.EqualTo(new Uri("amqp://u:p@h:5672/v")));
        Assert.That(plan.Postgres, Is.EqualTo("Host=h;Username=u"));
        Assert.That(plan.Settings, Is.Empty);
    }

    [TestCase("--scale", "Nobody=2", "Nobody")]
    [TestCase("--scale", "Encryptor=many", "many")]
    [TestCase("--scale", "Encryptor=65", "65")]
    [TestCase("--set", "Apns:Topic", "Section:Key=value")]
    [TestCase("--set", "RabbitMq=localhost", "amqp://")]
    [TestCase("--set", "Admin:Urls=http://*:1", "Admin:Urls")]
    public void A_slip_is_answered_with_a_sentence(string option, string value, string named) =>
        Assert.That(() => Read(option, value), Throws.InstanceOf<DevException>().With.Message.Contains(named));

    private static SystemPlan Read(params string[] arguments)
    {
        var options = new SystemOptions();
        var command = new RootCommand();
        options.AddTo(command);
        return options.Apply(new SystemPlan { Folder = "nowhere" }, command.Parse(arguments));
    }
}
