using System.Text.Json.Nodes;

namespace Sotto.SenderKit;

/// <content>What clients say of their devices.</content>
public abstract partial class SenderCompliance
{
    [Test]
    public async Task A_device_is_recognised_and_its_token_sealed_when_a_client_subscribes()
    {
        await _sender.RunAsync();
        var device = NewDevice();

        var answer = await _sender.Bus.AskAsync(ProviderName, SenderUnderTest.SealInfo(device.ServiceInfo));

        Assert.That(answer.ErrorCode, Is.Zero, answer.ErrorMessage);
        Assert.That(answer.DeviceId, Is.EqualTo(SenderUnderTest.DeviceId(device.ServiceId)));
        await _sender.Bus.PushAsync(Push() with { DeviceId = answer.DeviceId!, SealedDeviceToken = answer.SealedDeviceToken! });
        Assert.That((await _simulator.Ledger.WaitForAcceptedAsync(1, Eventually.Patience))[0].Tokens, Is.EqualTo(new[] { device.ProviderToken }));
    }

    [TestCase("null")]
    [TestCase("7")]
    [TestCase("\"\"")]
    [TestCase("\"too short\"")]
    [TestCase("\"\\ud800\"")]
    public async Task What_is_no_token_is_refused(string value)
    {
        await _sender.RunAsync();
        var info = JsonNode.Parse(NewDevice().ServiceInfo)!.AsObject();
        info[TokenKey] = "here";

        var answer = await _sender.Bus.AskAsync(ProviderName, SenderUnderTest.SealInfo(info.ToJsonString().Replace("\"here\"", value, StringComparison.Ordinal)));

        Refuses(answer, code: 4);
    }

    [TestCase("[]")]
    [TestCase("null")]
    [TestCase("\"token\"")]
    [TestCase("not json")]
    public async Task What_is_no_service_info_is_refused(string serviceInfo)
    {
        await _sender.RunAsync();

        Refuses(await _sender.Bus.AskAsync(ProviderName, SenderUnderTest.SealInfo(serviceInfo)), code: 4);
    }

    [Test]
    public async Task A_service_info_without_a_token_is_refused_with_the_name_of_what_it_lacks()
    {
        await _sender.RunAsync();

        var answer = await _sender.Bus.AskAsync(ProviderName, SenderUnderTest.SealInfo("{}"));

        Refuses(answer, code: 1);
        Assert.That(answer.ErrorMessage, Is.EqualTo($"Error: missing required key '{TokenKey}'"));
    }

    [Test]
    public async Task What_is_sealed_to_others_is_refused()
    {
        await _sender.RunAsync();

        var answer = await _sender.Bus.AskAsync(ProviderName, new byte[100]);

        Assert.That(answer.ErrorCode, Is.EqualTo(4));
    }

    [Test]
    public async Task Questions_that_come_together_are_answered_each_by_itself()
    {
        await _sender.RunAsync();
        var device = NewDevice();

        var answers = await _sender.Bus.AskTogetherAsync(ProviderName, SenderUnderTest.SealInfo("not json"), SenderUnderTest.SealInfo(device.ServiceInfo), new byte[100]);

        Assert.That(answers.Select(answer => answer.ErrorCode), Is.EqualTo(new[] { 4, 0, 4 }));
    }

    [Test]
    public async Task Questions_find_nobody_when_no_sender_runs()
    {
        await _sender.RunAsync();
        Assert.That(await _sender.Queues.QueuesAsync(), Does.Contain(Provider.ValidationQueue(ProviderName)));

        await _sender.StopAsync();

        await Eventually.BecomesTrueAsync(async () => !(await _sender.Queues.QueuesAsync()).Contains(Provider.ValidationQueue(ProviderName)), what: "the queue was gone");
    }

    private static void Refuses(DeviceTokenValidated answer, int code)
    {
        Assert.That(answer.ErrorCode, Is.EqualTo(code));
        Assert.That(answer.ErrorMessage, Is.Not.Empty);
        Assert.That(answer.DeviceId, Is.Null);
        Assert.That(answer.SealedDeviceToken, Is.Null);
    }
}
