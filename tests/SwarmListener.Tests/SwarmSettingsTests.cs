using Microsoft.Extensions.Configuration;
using Sotto.Hosting.Settings;

namespace SwarmListener.Tests;

public sealed class SwarmSettingsTests
{
    [TestCase("tcp://127.0.0.1:22023")]
    [TestCase("ipc:///run/oxend.sock")]
    [TestCase("curve://127.0.0.1:22023/0000000000000000000000000000000000000000000000000000000000000001")]
    public void Oxend_may_be_anywhere(string address) => Assert.That(Read(("Oxend", address)).Oxend, Is.EqualTo(address));

    [TestCase(null, "Swarm:Oxend")]
    [TestCase("127.0.0.1:22023", "Swarm:Oxend")]
    [TestCase("curve://127.0.0.1:22023", "Swarm:Oxend")]
    public void Without_a_usable_address_of_oxend_nothing_starts(string? address, string key) =>
        Assert.That(() => Read(("Oxend", address)), Throws.TypeOf<SettingsException>().With.Message.Contains(key));

    [TestCase("ConnectsMax", "-1")]
    [TestCase("SlowCheckSeconds", "0")]
    [TestCase("DuplicateWindowSeconds", "0")]
    [TestCase("DuplicatesMax", "1")]
    [TestCase("WaitingMessagesMax", "1")]
    [TestCase("WaitingMegabytesMax", "0")]
    public void A_number_out_of_range_is_named(string key, string value) =>
        Assert.That(
            () => Read(("Oxend", "tcp://127.0.0.1:1"), (key, value)),
            Throws.TypeOf<SettingsException>().With.Message.Contains($"Swarm:{key}"));

    private static SwarmSettings Read(params (string Key, string? Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>($"Swarm:{setting.Key}", setting.Value)))
            .Build()
            .ReadSettings<SwarmSettings>("Swarm");
}
