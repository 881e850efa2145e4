using System.Diagnostics;
using System.Text.Json;
using Sotto.TestSupport;

namespace EndToEnd.Tests.Tools;

/// <summary><c>sotto config check</c> on the programs of all services.</summary>
public sealed class ConfigCheckTests
{
    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["Onion__PrivateKeyFile"] = "/nowhere/onion.key",
        ["Swarm__Oxend"] = "http://127.0.0.1:22023",
        ["Encryptor__DuplicateWindow"] = "soon",
    };

    [Test]
    public async Task Each_service_says_in_a_sentence_what_is_wrong_with_its_own_settings_and_none_shows_a_value_that_may_be_secret()
    {
        var (exitCode, output, error) = await SottoAsync("config", "check", "--json", "--rabbitmq", "amqp://user:hunter2@127.0.0.1", "--postgres", "Host=127.0.0.1;Username=x;Password=hunter2;Database=x");

        Assert.That(exitCode, Is.EqualTo(78), error);
        using var results = JsonDocument.Parse(output);
        var wrong = results.RootElement.EnumerateArray().ToDictionary(result => result.GetProperty("service").GetString()!, result => string.Join('\n', result.GetProperty("wrong").EnumerateArray()));
        Assert.Multiple(() =>
        {
            Assert.That(wrong["SubscriptionApi"], Does.Contain("Setting Onion:PrivateKeyFile").And.Contain("/nowhere/onion.key"));
            Assert.That(wrong["SwarmListener"], Does.Contain("Setting Swarm:Oxend").And.Contain("tcp://host:port"));
            Assert.That(wrong["Encryptor"], Does.Contain("Setting Encryptor:DuplicateWindow cannot be read as a time span"));
            Assert.That(wrong["DeadLetterKeeper"], Is.Empty);
            Assert.That(wrong["ApnsSender"], Does.Contain("Apns:Topic"));
            Assert.That(wrong["FcmSender"], Does.Contain("Setting Fcm:ServiceAccountFile"));
            Assert.That(wrong["HuaweiSender"], Does.Contain("Setting Huawei:AppId"));
            Assert.That(wrong["WebPushSender"], Does.Contain("Setting WebPush:VapidKeyFile"));
            Assert.That(output + error, Does.Not.Contain("hunter2"));
        });
    }

    private static async Task<(int ExitCode, string Output, string Error)> SottoAsync(params string[] typed)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["SOTTO_ROOT"] = Repository.Root;
        foreach (var (key, value) in Settings)
            start.Environment[key] = value;
        foreach (var argument in (string[])[Path.Combine(TestContext.CurrentContext.TestDirectory, "sotto.dll"), .. typed])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
