using Microsoft.AspNetCore.Builder;
using Sotto.Hosting.Settings;
using Sotto.Sodium;

namespace Senders.Tests;

/// <summary>Wrong settings stop a sender at once, with sentences that name them and never show a secret.</summary>
public sealed class SettingsTests
{
    private const string Secret = "very-secret-value";

    private string _folder = null!;

    [SetUp]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("sotto-settings-").FullName;
        KeyFile.Write(At("sealing.key"), new byte[32]);
        File.WriteAllText(At("noise"), Secret);
        File.WriteAllText(At("empty"), "\n");
        File.WriteAllText(At("account.json"), $$"""{"project_id":"p","private_key":"{{Secret}}","private_key_id":"k","client_email":"e","token_uri":"https://t"}""");
    }

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase("", "Setting Apns:Topic or ApnsSandbox:Topic is needed")]
    [TestCase("Apns:Topic=t", "Setting Apns:SealingKeyFile: is needed|Setting Apns:KeyFile, Apns:Key, Apns:CertificateFile, Apns:Certificate: one of these")]
    [TestCase("Apns:Topic=t Apns:SealingKeyFile=sealing.key Apns:KeyFile=noise", "Setting Apns:TeamId, Apns:KeyId: are needed")]
    [TestCase("Apns:Topic=t Apns:SealingKeyFile=sealing.key Apns:KeyFile=noise Apns:TeamId=DEF123GHIJ Apns:KeyId=short", "Setting Apns:KeyFile: key id and team id are 10")]
    [TestCase("Apns:Topic=t Apns:SealingKeyFile=sealing.key Apns:KeyFile=noise Apns:TeamId=DEF123GHIJ Apns:KeyId=ABC123DEFG", "Setting Apns:KeyFile: the file .*noise holds no P-256 private key")]
    [TestCase("Apns:Topic=t Apns:SealingKeyFile=sealing.key Apns:KeyFile=absent Apns:TeamId=DEF123GHIJ Apns:KeyId=ABC123DEFG", "Setting Apns:KeyFile: the file .*absent cannot be read")]
    [TestCase("ApnsSandbox:Topic=t ApnsSandbox:SealingKeyFile=sealing.key ApnsSandbox:CertificateFile=noise", "Setting ApnsSandbox:CertificateFile: the file .*noise does not hold a PEM certificate")]
    [TestCase("Apns:Topic=t Apns:SealingKeyFile=sealing.key Apns:CertificateFile=noise Apns:Endpoint=http://api.push.apple.com", "Setting Apns:Endpoint: .*https")]
    [TestCase("Apns:Topics=t", "Setting Apns:Topics is not known")]
    [TestCase("Apns:Topic=t Apns:SealingKeyFile=sealing.key Apns:CertificateFile=noise Tls:TrustedCa=empty", "Setting Tls:TrustedCa: the file .*empty holds no PEM certificate")]
    [TestCase("Apns:Topic=t Apns:SealingKeyFile=sealing.key Apns:CertificateFile=noise Apns:Connections=33", "Setting Apns:Connections: .*between 1 and 32")]
    public void A_wrong_setting_of_ApnsSender_is_named(string settings, string sentences) => Refused(ApnsSender.Program.Build, settings, sentences);

    [TestCase("", "Setting Fcm:ServiceAccountFile: is needed|Setting Fcm:SealingKeyFile: is needed")]
    [TestCase("Fcm:ServiceAccountFile=noise Fcm:SealingKeyFile=sealing.key", "Setting Fcm:ServiceAccountFile: the file .*noise is not JSON")]
    [TestCase("Fcm:ServiceAccountFile=account.json Fcm:SealingKeyFile=sealing.key", "Setting Fcm:ServiceAccountFile: private_key of the file .*account.json holds no RSA private key")]
    [TestCase("Fcm:ServiceAccountFile=account.json Fcm:SealingKeyFile=noise Fcm:TokenEndpoint=ftp://x", "Setting Fcm:TokenEndpoint: .*https")]
    [TestCase("Fcm:ServiceAccountFile=account.json Fcm:SealingKeyFile=sealing.key Fcm:MessagesPerMinuteMax=5999", "Setting Fcm:MessagesPerMinuteMax: .*between 6000 and 60000000")]
    public void A_wrong_setting_of_FcmSender_is_named(string settings, string sentences) => Refused(FcmSender.Program.Build, settings, sentences);

    [TestCase("", "Setting Huawei:AppId: is needed|Setting Huawei:SealingKeyFile: is needed")]
    [TestCase("Huawei:AppId=1 Huawei:SealingKeyFile=sealing.key", "Setting Huawei:AppSecret, Huawei:AppSecretFile, Huawei:ServiceAccountFile, Huawei:ServiceAccount: one of these")]
    [TestCase("Huawei:AppId=1 Huawei:SealingKeyFile=sealing.key Huawei:AppSecretFile=empty", "Setting Huawei:AppSecretFile: the file .*empty is empty")]
    [TestCase("Huawei:AppId=1 Huawei:SealingKeyFile=noise Huawei:AppSecretFile=noise", "Setting Huawei:SealingKeyFile: .*noise")]
    [TestCase("Huawei:AppId=1 Huawei:SealingKeyFile=sealing.key Huawei:AppSecretFile=noise Delivery:ParkingSeconds=0", "Setting Delivery:ParkingSeconds: .*whole seconds")]
    [TestCase("Huawei:AppId=1 Huawei:SealingKeyFile=sealing.key Huawei:AppSecretFile=noise Huawei:MessagesPerMinuteMax=0", "Setting Huawei:MessagesPerMinuteMax: .*between 6000 and 60000000")]
    public void A_wrong_setting_of_HuaweiSender_is_named(string settings, string sentences) => Refused(HuaweiSender.Program.Build, settings, sentences);

    private void Refused(Func<string[], WebApplication> build, string settings, string sentences)
    {
        string[] args =
        [
            "--ConnectionStrings:RabbitMq=amqp://guest:guest@127.0.0.1:1/",
            .. settings.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(setting => setting.Split('=', 2))
                .Select(pair => $"--{pair[0]}={(pair[0].EndsWith("File", StringComparison.Ordinal) || pair[0].EndsWith("TrustedCa", StringComparison.Ordinal) ? At(pair[1]) : pair[1])}"),
        ];

        var refused = Assert.Throws<SettingsException>(() => build(args))!;

        foreach (var sentence in sentences.Split('|'))
            Assert.That(refused.Message, Does.Match(sentence));
        Assert.That(refused.ToString(), Does.Not.Contain(Secret));
    }

    private string At(string name) => Path.Combine(_folder, name);
}
