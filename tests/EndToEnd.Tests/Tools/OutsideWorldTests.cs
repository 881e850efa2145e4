using Sotto.Dev.Running;

namespace EndToEnd.Tests.Tools;

/// <summary>What services are told without simulators: given addresses are served, with made-up credentials if need be; a vendor's own address never gets those.</summary>
public sealed class OutsideWorldTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("sotto-outside-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Nothing_given_leaves_out_what_needs_the_outside()
    {
        var (settings, leftOut) = Complete();

        Assert.That(settings, Is.Empty);
        Assert.That(leftOut.Keys, Is.EquivalentTo((string[])["SwarmListener", "ApnsSender", "FcmSender", "HuaweiSender", "WebPushSender"]));
    }

    [Test]
    public void Addresses_alone_are_enough()
    {
        var (settings, leftOut) = Complete(
            ("Swarm:Oxend", "tcp://127.0.0.1:1"), ("Apns:Endpoint", "https://a"), ("ApnsSandbox:Endpoint", "https://s"), ("Fcm:Endpoint", "https://f"),
            ("Fcm:TokenEndpoint", "https://f/t"), ("Huawei:Endpoint", "https://h"), ("Huawei:TokenEndpoint", "https://h/t"));

        Assert.That(leftOut.Keys, Is.EqualTo(["WebPushSender"]), "nothing can be made up for it");
        Assert.That(settings.Keys, Is.EquivalentTo((string[])
        [
            "Apns:Topic", "Apns:TeamId", "Apns:KeyId", "Apns:KeyFile", "ApnsSandbox:Topic", "ApnsSandbox:TeamId", "ApnsSandbox:KeyId", "ApnsSandbox:KeyFile",
            "Fcm:ServiceAccountFile", "Huawei:AppId", "Huawei:AppSecretFile",
        ]));
        Assert.That(File.ReadAllText(settings["Fcm:ServiceAccountFile"]), Does.Contain("\"token_uri\": \"https://f/t\""));
        Assert.That(File.GetUnixFileMode(settings["Apns:KeyFile"]), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public void Credentials_alone_are_enough_and_nothing_is_made_up_for_them()
    {
        var (settings, leftOut) = Complete(
            ("Swarm:Oxend", "tcp://127.0.0.1:1"), ("Apns:Topic", "app"), ("Apns:CertificateFile", "c.pem"), ("Fcm:ServiceAccountFile", "s.json"), ("Huawei:AppId", "1"));

        Assert.That(settings, Is.Empty);
        Assert.That(leftOut.Keys, Is.EqualTo(["WebPushSender"]), "nothing can be made up for it");
    }

    [Test]
    public void A_key_that_was_given_is_used_at_an_address_that_was_given()
    {
        var (settings, _) = Complete(("Apns:Endpoint", "https://a"), ("Apns:KeyFile", "mine.p8"), ("Apns:KeyId", "K"), ("Apns:TeamId", "T"));

        Assert.That(settings, Is.EqualTo(new Dictionary<string, string> { ["Apns:Topic"] = "org.example.sotto" }));
    }

    [TestCase("Apns:Endpoint=https://a", "Apns:Key=a key's text", "ApnsSender", "Apns:Topic=org.example.sotto")]
    [TestCase("Apns:Endpoint=https://a", "Apns:Certificate=a certificate's text", "ApnsSender", "Apns:Topic=org.example.sotto")]
    [TestCase("Apns:Topic=app", "Apns:Key=a key's text", "ApnsSender", null)]
    [TestCase("ApnsSandbox:Endpoint=https://s", "ApnsSandbox:Apps:one:Topic=app", "ApnsSender", null)]
    [TestCase("Fcm:Endpoint=https://f", "Fcm:ServiceAccount=an account's text", "FcmSender", null)]
    [TestCase("Fcm:Apps:one:ServiceAccountFile=s.json", "Fcm:App=main", "FcmSender", null)]
    [TestCase("Huawei:Endpoint=https://h", "Huawei:ServiceAccount=an account's text", "HuaweiSender", null)]
    [TestCase("Huawei:Version=V3", "Huawei:ServiceAccountFile=s.json", "HuaweiSender", null)]
    [TestCase("Huawei:Endpoint=https://h", "Huawei:AppSecret=secret", "HuaweiSender", "Huawei:AppId=100000001")]
    public void Credentials_of_every_kind_are_enough_and_no_others_are_made_up(string one, string other, string service, string? madeUp)
    {
        var (settings, leftOut) = Complete(Split(one), Split(other));

        Assert.That(leftOut.Keys, Does.Not.Contain(service));
        Assert.That(settings.Select(setting => $"{setting.Key}={setting.Value}"), Is.EqualTo(madeUp is null ? [] : (string[])[madeUp]));
    }

    private static (string Key, string Value) Split(string setting) => setting.Split('=') is [var key, var value] ? (key, value) : throw new ArgumentException(setting, nameof(setting));

    private (Dictionary<string, string> Settings, Dictionary<string, string> LeftOut) Complete(params (string Key, string Value)[] given) =>
        OutsideWorld.Complete(given.ToDictionary(setting => setting.Key, setting => setting.Value, StringComparer.OrdinalIgnoreCase), _folder);
}
