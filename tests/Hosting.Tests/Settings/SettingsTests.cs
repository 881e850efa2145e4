using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Sotto.Hosting;
using Sotto.Hosting.Settings;
using Sotto.Sodium;

namespace Hosting.Tests.Settings;

public sealed class SettingsTests
{
    [Test]
    public void Good_settings_are_read_and_absent_ones_keep_their_defaults()
    {
        var settings = Read(("Lamp:Colour", "Red"), ("Lamp:Watts", "40"), ("Lamp:BurnsFor", "01:30:00"));

        Assert.Multiple(() =>
        {
            Assert.That(settings.Colour, Is.EqualTo(Colour.Red));
            Assert.That(settings.Watts, Is.EqualTo(40));
            Assert.That(settings.BurnsFor, Is.EqualTo(TimeSpan.FromMinutes(90)));
            Assert.That(settings.Maker, Is.EqualTo("nobody"));
        });
    }

    [TestCase("Watts", "many", "Lamp:Watts")]
    [TestCase("Watts", "999999", "Lamp:Watts")]
    [TestCase("Watts", "99999999999999999999", "Lamp:Watts")]
    [TestCase("Colour", "Loud", "Lamp:Colour")]
    [TestCase("BurnsFor", "forever", "Lamp:BurnsFor")]
    [TestCase("Maker", "", "Lamp:Maker")]
    [TestCase("Wats", "40", "Lamp:Wats")]
    public void A_wrong_value_is_refused_with_a_sentence_that_names_its_key(string key, string value, string named) =>
        Assert.That(() => Read(($"Lamp:{key}", value)), Throws.InstanceOf<SettingsException>().With.Message.Contains(named));

    [Test]
    public void A_value_that_cannot_be_read_is_not_repeated() =>
        Assert.That(() => Read(("Lamp:Watts", "hunter2")), Throws.InstanceOf<SettingsException>().With.Message.Not.Contains("hunter2"));

    [Test]
    public void What_spans_several_values_is_refused_too() =>
        Assert.That(() => Read(("Lamp:Colour", "Blue"), ("Lamp:Watts", "60")), Throws.InstanceOf<SettingsException>().With.Message.Contains("Lamp:Colour, Lamp:Watts: too hot"));

    [Test]
    public void Every_wrong_value_has_its_sentence() =>
        Assert.That(
            () => Read(("Lamp:Watts", "0"), ("Lamp:Maker", "")),
            Throws.InstanceOf<SettingsException>().With.Message.Contains("Lamp:Watts").And.Message.Contains("Lamp:Maker"));

    [TestCase(null)]
    [TestCase("")]
    [TestCase("http://host:1/")]
    [TestCase("localhost:5672")]
    public void The_brokers_address_must_look_like_one(string? address) =>
        Assert.That(
            () => Configuration(("ConnectionStrings:RabbitMq", address)).RabbitMq(),
            Throws.InstanceOf<SettingsException>().With.Message.Contains("ConnectionStrings:RabbitMq").And.Message.Contains("amqp://"));

    [TestCase(null)]
    [TestCase("")]
    [TestCase("Host=x;Colour=Red;Password=hunter2")]
    public void The_databases_connection_string_must_look_like_one(string? text) =>
        Assert.That(
            () => Configuration(("ConnectionStrings:Postgres", text)).Postgres(),
            Throws.InstanceOf<SettingsException>().With.Message.Contains("ConnectionStrings:Postgres").And.Message.Not.Contains("hunter2"));

    [TestCase("Log:Level", "Loud")]
    [TestCase("Admin:Urls", "ftp://127.0.0.1:0")]
    [TestCase("Admin:Urls", "http://some.host:1")]
    [TestCase("Admin:Ulrs", "http://127.0.0.1:0")]
    public async Task A_service_with_wrong_settings_ends_with_its_own_exit_code(string key, string value)
    {
        var code = await ServiceHost.RunAsync(() => ServiceHost.CreateBuilder([$"--{key}={value}"]).Build());

        Assert.That(code, Is.EqualTo(ServiceHost.ExitCodeSettings));
    }

    [Test]
    public async Task A_missing_key_file_is_a_wrong_setting()
    {
        var code = await ServiceHost.RunAsync(() =>
        {
            KeyFile.ReadKey(Path.Combine(TestContext.CurrentContext.WorkDirectory, "no-such.key"));
            return ServiceHost.CreateBuilder([]).Build();
        });

        Assert.That(code, Is.EqualTo(ServiceHost.ExitCodeSettings));
    }

    [Test]
    public void A_secret_does_not_print()
    {
        var secret = new Secret("hunter2");

        Assert.Multiple(() =>
        {
            Assert.That($"{secret}", Is.EqualTo("[REDACTED]"));
            Assert.That(secret.Reveal(), Is.EqualTo("hunter2"));
        });
    }

    private static Lamp Read(params (string Key, string? Value)[] values) => Configuration(values).ReadSettings<Lamp>("Lamp");

    private static IConfigurationRoot Configuration(params (string Key, string? Value)[] values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Key, pair.Value))).Build();

    private enum Colour
    {
        Green,
        Red,
        Blue,
    }

    private sealed class Lamp : IValidatableObject
    {
        public Colour Colour { get; set; }

        [System.ComponentModel.DataAnnotations.Range(1, 100)]
        public int Watts { get; set; } = 10;

        public TimeSpan BurnsFor { get; set; } = TimeSpan.FromHours(1);

        [Required]
        public string Maker { get; set; } = "nobody";

        public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        {
            if (Colour == Colour.Blue && Watts > 50)
                yield return new ValidationResult("too hot", [nameof(Colour), nameof(Watts)]);
        }
    }
}
