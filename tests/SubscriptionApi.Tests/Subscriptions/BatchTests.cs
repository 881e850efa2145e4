using System.Text.Json.Nodes;
using Sotto.FakePhone;
using SubscriptionApi.Tests.Support;
using SubscriptionApi.Tests.Vectors;

namespace SubscriptionApi.Tests.Subscriptions;

public sealed class BatchTests
{
    private ApiUnderTest _api = null!;

    [OneTimeSetUp]
    public async Task Start() => _api = await ApiUnderTest.StartedAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [Test]
    public async Task A_hundred_items_are_answered_in_their_order()
    {
        var phone = FakePhone.Create();
        var items = Enumerable.Range(0, 100).Select(number => number % 3 == 2
            ? (JsonNode)number
            : phone.With(SessionAccount.CreateGroup(number)).SubscribeRequest("apns", [-11, 11, 12, 13, 14]));

        var answers = await _api.PostAsync("/subscribe", new JsonArray([.. items]).ToJsonString());

        Assert.That(answers.GetArrayLength(), Is.EqualTo(100));
        foreach (var (answer, number) in answers.EnumerateArray().Select((answer, number) => (answer, number)))
        {
            if (number % 3 == 2)
                Expected.Error(4, answer);
            else
                Expected.Success("added", answer);
        }
    }

    [Test]
    public async Task Many_phones_that_come_at_once_are_each_told_whether_they_are_new()
    {
        var phones = Enumerable.Range(0, 60).Select(_ => FakePhone.Create()).ToArray();
        var before = await _api.QueryAsync<long>("SELECT count(*) FROM subscriptions");

        var first = await Task.WhenAll(phones.Select(phone => phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0])));
        var second = await Task.WhenAll(phones.Select(phone => phone.SubscribeAsync(_api.Http, _api.Address, "apns", [-1, 0])));

        Assert.That(first.Select(answer => (answer.Added, answer.Updated)), Is.All.EqualTo((true, false)));
        Assert.That(second.Select(answer => (answer.Added, answer.Updated)), Is.All.EqualTo((false, true)));
        Assert.That(await _api.QueryAsync<long>("SELECT count(*) FROM subscriptions") - before, Is.EqualTo(phones.Length));
        Assert.That(await _api.QueryAsync<long>("SELECT count(*) FROM subscriptions WHERE namespaces = '{-1,0}'"), Is.GreaterThanOrEqualTo(phones.Length));
    }

    [Test]
    public async Task A_phone_that_asks_many_times_at_once_has_one_subscription()
    {
        var phone = FakePhone.Create();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0])));

        Assert.That(answers.Count(answer => answer.Added), Is.EqualTo(1));
        Assert.That(answers.Count(answer => answer.Updated), Is.EqualTo(19));
    }

    [Test]
    public async Task Items_are_done_one_after_the_other()
    {
        var phone = FakePhone.Create();
        var subscribe = phone.SubscribeRequest("apns", [0]);
        var answers = await _api.PostAsync("/subscribe", new JsonArray(subscribe, subscribe.DeepClone()).ToJsonString());
        Expected.Success("added", answers[0]);
        Expected.Success("updated", answers[1]);

        var unsubscribe = phone.UnsubscribeRequest("apns");
        answers = await _api.PostAsync("/unsubscribe", new JsonArray(unsubscribe, unsubscribe.DeepClone()).ToJsonString());
        Assert.That(answers[0].GetProperty("removed").GetBoolean(), Is.True);
        Assert.That(answers[1].GetProperty("removed").GetBoolean(), Is.False);
    }

    [Test]
    public async Task A_device_that_many_items_name_is_asked_about_once()
    {
        var phone = FakePhone.Create();
        var items = Enumerable.Range(0, 20).Select(number => (JsonNode)phone.With(SessionAccount.CreateGroup(number)).SubscribeRequest("apns", [11]));
        var before = _api.Providers.Asked;

        await _api.PostAsync("/subscribe", new JsonArray([.. items]).ToJsonString());

        Assert.That(_api.Providers.Asked - before, Is.EqualTo(1));
    }

    [Test]
    public async Task An_array_in_an_array_is_one_wrong_item()
    {
        var answers = await _api.PostAsync("/subscribe", "[[],{},null]");

        Assert.That(answers.GetArrayLength(), Is.EqualTo(3));
        foreach (var answer in answers.EnumerateArray())
            Expected.Error(4, answer);
    }

    [Test]
    public async Task As_many_items_as_fit_are_answered()
    {
        var answers = await _api.PostAsync("/subscribe", "[" + string.Join(',', Enumerable.Repeat("0", 49_999)) + "]");

        Assert.That(answers.GetArrayLength(), Is.EqualTo(49_999));
    }
}
