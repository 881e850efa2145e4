using System.Text.Json.Nodes;
using Sotto.Contracts;
using Sotto.FakePhone;
using SubscriptionApi.Tests.Support;
using SubscriptionApi.Tests.Vectors;

namespace SubscriptionApi.Tests.Providers;

/// <summary>What a client is told of the senders' presence and of their answers.</summary>
public sealed class ProviderTests
{
    private ApiUnderTest _api = null!;

    [SetUp]
    public async Task Start()
    {
        _api = await ApiUnderTest.CreateAsync();
        await _api.StartAsync(settings: "--Api:ValidationTimeout=00:00:00.500");
    }

    [TearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [Test]
    public async Task Without_a_key_or_without_a_sender_a_provider_is_not_available()
    {
        Assert.That((await SubscribeAsync("apns")).Error, Is.EqualTo(2));

        _api.Providers.PublishKey("apns");
        Assert.That((await SubscribeAsync("apns")).Error, Is.EqualTo(2));

        await _api.Providers.StartAsync("firebase");
        Assert.That((await SubscribeAsync("apns")).Error, Is.EqualTo(2));
        await Eventually.BecomesTrueAsync(async () => (await SubscribeAsync("firebase")).Added, what: "firebase was available");
    }

    [Test]
    public async Task A_sender_may_come_go_and_come_back()
    {
        for (var round = 0; round < 3; round++)
        {
            await _api.Providers.StartAsync("apns");
            await Eventually.BecomesTrueAsync(async () => (await SubscribeAsync("apns")).Added, what: "apns was available");

            await _api.Providers.StopAsync();
            // Within the second that it is still believed to be there, the question comes back unanswered.
            Assert.That((await SubscribeAsync("apns")).Error, Is.EqualTo(2));
            Assert.That((await SubscribeAsync("apns")).Error, Is.EqualTo(2));
        }
    }

    [Test]
    public async Task Two_instances_of_a_sender_share_the_questions()
    {
        await _api.Providers.StartAsync("apns");
        await using var second = _api.Providers.Another();
        await second.StartAsync("apns");
        await Eventually.BecomesTrueAsync(async () => (await SubscribeAsync("apns")).Added, what: "apns was available");

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => SubscribeAsync("apns")));

        Assert.That(answers.All(answer => answer.Added), Is.True);
        Assert.That(_api.Providers.Asked + second.Asked, Is.GreaterThanOrEqualTo(41));
        // Questions travel together, so a few frames may all have gone to one of them.
        await Eventually.BecomesTrueAsync(
            async () => (await SubscribeAsync("apns")).Success && _api.Providers.Asked > 1 && second.Asked > 1, what: "both had been asked");
    }

    [Test]
    public async Task A_sender_that_says_nothing_is_error_3()
    {
        await _api.Providers.StartAsync("apns");
        _api.Providers.Bend = _ => null;

        await Eventually.BecomesTrueAsync(async () => (await SubscribeAsync("apns")).Error == 3, what: "the question timed out");
        Assert.That((await FakePhone.Create().UnsubscribeAsync(_api.Http, _api.Address, "apns")).Error, Is.EqualTo(3));
    }

    [Test]
    public async Task All_items_of_a_request_wait_together_no_longer_than_one()
    {
        await _api.Providers.StartAsync("apns", "firebase");
        _api.Providers.Bend = question => question.Provider == "apns" ? null : _api.Providers.Judge(question);
        await Eventually.BecomesTrueAsync(async () => (await SubscribeAsync("firebase")).Added, what: "firebase was available");

        var before = _api.Providers.Asked;
        var items = Enumerable.Range(0, 30).Select(_ => (JsonNode)FakePhone.Create().SubscribeRequest("apns", [0]));
        var answers = await _api.PostAsync("/subscribe", new JsonArray([.. items]).ToJsonString());

        Assert.That(answers.GetArrayLength(), Is.EqualTo(30));
        foreach (var answer in answers.EnumerateArray())
            Expected.Error(3, answer);
        // They are asked together, each once, and together they have the time of one.
        Assert.That(_api.Providers.Asked - before, Is.InRange(1, 30));
    }

    [Test]
    public async Task A_sender_whose_asker_has_gone_answers_the_next_one()
    {
        await _api.Providers.StartAsync("apns");
        await Eventually.BecomesTrueAsync(async () => (await SubscribeAsync("apns")).Added, what: "apns was available");
        using var slow = new SemaphoreSlim(0);
        _api.Providers.Bend = question =>
        {
            slow.Wait(Eventually.Patience);
            return _api.Providers.Judge(question);
        };
        var before = _api.Providers.Asked;
        var asked = Enumerable.Range(0, 8).Select(_ => SubscribeAsync("apns")).ToList();
        await Eventually.BecomesTrueAsync(() => _api.Providers.Asked >= before + 2, what: "the sender was at work");
        await Task.WhenAll(asked);
        await _api.StopAsync();

        slow.Release(asked.Count);
        _api.Providers.Bend = null;
        await _api.StartAsync();

        await Eventually.BecomesTrueAsync(async () => (await SubscribeAsync("apns")).Added, what: "the same sender answered");
    }

    [TestCase(1, "what the sender said")]
    [TestCase(4, "no such device")]
    [TestCase(77, "a code of its own")]
    public async Task A_senders_refusal_is_passed_on_as_it_is(int code, string message)
    {
        await _api.Providers.StartAsync("apns");
        _api.Providers.Bend = _ => new DeviceTokenValidated { ErrorCode = code, ErrorMessage = message };

        await Eventually.BecomesTrueAsync(async () => (await SubscribeAsync("apns")) is var answer && answer.Error == code && answer.Message == message);
    }

    [Test]
    public async Task A_sender_that_fails_or_talks_nonsense_is_error_4()
    {
        await _api.Providers.StartAsync("apns");
        DeviceTokenValidated[] nonsense =
        [
            new() { ErrorCode = 0 },
            new() { ErrorCode = 0, DeviceId = new byte[31], SealedDeviceToken = new byte[100] },
            new() { ErrorCode = 0, DeviceId = new byte[32], SealedDeviceToken = [] },
            new() { ErrorCode = 0, DeviceId = new byte[32], SealedDeviceToken = new byte[8_193] },
            new() { ErrorCode = 4 },
        ];
        _api.Providers.Bend = _ => throw new InvalidOperationException("a bug");
        await Eventually.BecomesTrueAsync(async () => (await SubscribeAsync("apns")).Error == 4, what: "the fault was told");

        foreach (var answer in nonsense)
        {
            _api.Providers.Bend = _ => answer;
            Assert.That((await SubscribeAsync("apns")).Error, Is.EqualTo(4));
        }

        Assert.That(await _api.QueryAsync<long>("SELECT count(*) FROM subscriptions"), Is.Zero);
    }

    [Test]
    public async Task A_new_key_of_a_sender_is_taken_up_while_running()
    {
        await _api.Providers.StartAsync("apns");
        await Eventually.BecomesTrueAsync(async () => (await SubscribeAsync("apns")).Added, what: "apns was available");

        _api.Providers.ChangeKey("apns");

        await Eventually.BecomesTrueAsync(async () => (await SubscribeAsync("apns")).Added, what: "the question was sealed to the new key");
    }

    [Test]
    public async Task A_key_file_that_is_being_written_does_no_harm()
    {
        await _api.Providers.StartAsync("apns");
        await Eventually.BecomesTrueAsync(async () => (await SubscribeAsync("apns")).Added, what: "apns was available");

        await File.WriteAllTextAsync(Path.Combine(_api.Keys, "apns.pub"), "half a ke");
        await File.WriteAllTextAsync(Path.Combine(_api.Keys, "huawei.pub"), new string('0', 64));
        await Task.Delay(TimeSpan.FromSeconds(1.2), TimeProvider.System, CancellationToken.None);

        Assert.That((await SubscribeAsync("apns")).Added, Is.True);
        Assert.That((await SubscribeAsync("huawei")).Error, Is.EqualTo(2));
    }

    private Task<ApiAnswer> SubscribeAsync(string provider) => FakePhone.Create().SubscribeAsync(_api.Http, _api.Address, provider, [0]);
}
