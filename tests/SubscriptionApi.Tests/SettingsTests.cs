using Sotto.Hosting;
using Sotto.Hosting.Settings;
using SubscriptionApi.Tests.Support;

namespace SubscriptionApi.Tests;

public sealed class SettingsTests
{
    private ApiUnderTest _api = null!;

    [OneTimeSetUp]
    public async Task Create() => _api = await ApiUnderTest.CreateAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [TestCase("--Api:Urls=ftp://127.0.0.1:1", "Setting Api:Urls: 'ftp://127.0.0.1:1' is not an address")]
    [TestCase("--Api:Urls=", "Setting Api:Urls is missing.")]
    [TestCase("--Api:ConnectionsMax=0", "Setting Api:ConnectionsMax: The field ConnectionsMax must be between 1 and 1000000.")]
    [TestCase("--Api:ConnectionsMax=many", "Setting Api:ConnectionsMax cannot be read as a whole number.")]
    [TestCase("--Api:HeadersTimeout=00:10:00", "Setting Api:HeadersTimeout: The field HeadersTimeout must be between 00:00:01 and 00:02:00.")]
    [TestCase("--Api:BodyTimeout=00:00:00", "Setting Api:BodyTimeout: ")]
    [TestCase("--Api:ValidationTimeout=00:02:00", "Setting Api:ValidationTimeout: ")]
    [TestCase("--Api:Url=http://127.0.0.1:1", "Setting Api:Url is not known; known are ")]
    [TestCase("--Ingress:ClientRate=-1", "Setting Ingress:ClientRate: ")]
    [TestCase("--Ingress:TrustedProxies=10.0.0.0/8;nowhere", "Setting Ingress:TrustedProxies: 'nowhere' is not a network of the form 10.0.0.0/8.")]
    [TestCase("--Ingress:RequestsInWorkMax=0", "Setting Ingress:RequestsInWorkMax: ")]
    [TestCase("--Onion:PrivateKeyFile=", "Setting Onion:PrivateKeyFile is missing.")]
    [TestCase("--Onion:PrivateKeyFile=/nowhere/onion.key", "Setting Onion:PrivateKeyFile: The key file /nowhere/onion.key cannot be read")]
    [TestCase("--Onion:ConcurrentMax=0", "Setting Onion:ConcurrentMax: ")]
    [TestCase("--Onion:LargeBodiesMax=0", "Setting Onion:LargeBodiesMax: ")]
    [TestCase("--Sealing:PublicKeysFolder=", "Setting Sealing:PublicKeysFolder is missing.")]
    [TestCase("--Sealing:PublicKeysFolder=/nowhere", "Setting Sealing:PublicKeysFolder: Could not find a part of the path '/nowhere'")]
    [TestCase("--Sealing:PublicKeysFolder=/", "Setting Sealing:PublicKeysFolder: / holds no encryptor.pub.")]
    [TestCase("--ConnectionStrings:RabbitMq=http://x", "Setting ConnectionStrings:RabbitMq is not an address")]
    [TestCase("--ConnectionStrings:Postgres=", "Setting ConnectionStrings:Postgres is missing")]
    public void A_wrong_setting_is_named_in_a_sentence(string setting, string sentence) =>
        Assert.That(() => Program.Build(_api.Arguments(setting)), Throws.TypeOf<SettingsException>().With.Message.StartWith(sentence));

    [Test]
    public async Task A_file_that_is_no_key_is_named_and_not_shown()
    {
        var file = Path.Combine(_api.Keys, "..", "bad.key");
        await File.WriteAllTextAsync(file, "c0ffee" + new string('x', 60));

        Assert.That(
            () => Program.Build(_api.Arguments($"--Onion:PrivateKeyFile={file}")),
            Throws.TypeOf<SettingsException>().With.Message.Contain("bad.key").And.Message.Not.Contain("c0ffee"));
    }

    [Test]
    public async Task Wrong_settings_end_the_program_with_its_own_exit_code()
    {
        Assert.That(await Program.Main(_api.Arguments("--Api:ConnectionsMax=0")), Is.EqualTo(ServiceHost.ExitCodeSettings));
    }
}
