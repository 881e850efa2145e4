using System.Text.Json;
using Cli.Tests.Support;
using Sotto.TestSupport;
using SubscriptionApi.Tests.Support;

namespace Cli.Tests.Load;

/// <summary><c>sotto load</c> at the real SubscriptionApi.</summary>
public sealed class LoadTests
{
    [Test]
    public async Task Phones_subscribe_renew_and_are_taken_away_again()
    {
        await using var api = await ApiUnderTest.StartedAsync();

        var result = await Operator.TypesAsync("load", "--api", $"{api.Address}", "--provider", "apns", "--subscriptions", "30", "--rate", "100", "--seconds", "1", "--json");

        var subscribed = result.Json.GetProperty("subscribed");
        Assert.That(subscribed.GetProperty("outcomes").GetProperty("added").GetInt32(), Is.EqualTo(30), result.Output);
        Assert.That(subscribed.GetProperty("p99Ms").GetDouble(), Is.GreaterThanOrEqualTo(subscribed.GetProperty("p50Ms").GetDouble()).And.GreaterThan(0));
        Assert.That(result.Json.GetProperty("renewed").GetProperty("outcomes").GetProperty("renewed").GetInt32(), Is.EqualTo(100));
        Assert.That(result.Json.GetProperty("unsubscribed").GetProperty("outcomes").GetProperty("removed").GetInt32(), Is.EqualTo(30));
        Assert.That(await api.QueryAsync<long>("SELECT count(*) FROM subscriptions"), Is.Zero);
    }

    [Test]
    public async Task What_is_kept_is_taken_away_by_the_same_numbers_later()
    {
        await using var api = await ApiUnderTest.StartedAsync();
        string[] load = ["load", "--api", $"{api.Address}", "--provider", "firebase", "--subscriptions", "25", "--rate", "500", "--seed", "7", "--array", "10", "--onion-key", Convert.ToHexStringLower(api.OnionPublicKey)];

        var kept = await Operator.TypesAsync([.. load, "--seconds", "0", "--keep", "--json"]);

        Assert.That(kept.Json.GetProperty("subscribed").GetProperty("outcomes").GetProperty("added").GetInt32(), Is.EqualTo(25), kept.Output);
        Assert.That(await api.QueryAsync<long>("SELECT count(*) FROM subscriptions"), Is.EqualTo(25));

        var taken = await Operator.TypesAsync([.. load, "--clean-up", "--json"]);

        Assert.That(taken.Json.GetProperty("unsubscribed").GetProperty("outcomes").GetProperty("removed").GetInt32(), Is.EqualTo(25), taken.Output);
        Assert.That(await api.QueryAsync<long>("SELECT count(*) FROM subscriptions"), Is.Zero);
    }

    [Test]
    public async Task Phones_that_the_server_has_forgotten_are_a_loss()
    {
        await using var api = await ApiUnderTest.StartedAsync();
        var loading = Operator.TypesAsync("load", "--api", $"{api.Address}", "--provider", "apns", "--subscriptions", "10", "--rate", "20", "--seconds", "3", "--json");
        await Eventually.BecomesTrueAsync(async () => await api.QueryAsync<long>("SELECT count(*) FROM subscriptions") == 10, what: "all had subscribed");

        var forgotten = await api.QueryAsync<long>("WITH gone AS (DELETE FROM subscriptions RETURNING 1) SELECT count(*) FROM gone");

        var result = await loading;
        using var document = JsonDocument.Parse(result.Output);
        Assert.That((result.ExitCode, document.RootElement.GetProperty("renewed").GetProperty("failed").GetInt64()), Is.EqualTo((1, forgotten)), result.Output);
    }

    [Test]
    public async Task Refusals_are_counted_by_their_codes_and_the_command_fails()
    {
        await using var api = await ApiUnderTest.StartedAsync();

        var result = await Operator.TypesAsync("load", "--api", $"{api.Address}", "--provider", "huawei", "--subscriptions", "5", "--rate", "100", "--seconds", "0");

        Assert.That((result.ExitCode, result.Output.Contains("5 error 2", StringComparison.Ordinal)), Is.EqualTo((1, true)), result.Output + result.Error);
    }

    [Test]
    public async Task Another_machine_is_left_alone_until_the_operator_says_yes()
    {
        var result = await Operator.TypesAsync("load", "--api", "https://push.example.org", "--subscriptions", "10");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((0, $"Nothing was sent. Add --yes to do it.{Environment.NewLine}")), result.Error);
        Assert.That(result.Error, Does.Contain("Subscribe 10 made-up phones of dummy (seed 1), 100 a second, straight, at https://push.example.org"));
    }

    [TestCase("--rate", "0", "--rate is")]
    [TestCase("--subscriptions", "1000001", "--subscriptions is")]
    [TestCase("--array", "101", "--array is")]
    [TestCase("--provider", "pigeon", "--provider is")]
    [TestCase("--messages", "5", "--messages needs")]
    [TestCase("--onion-key", "00", "--onion-key is")]
    [TestCase("--swarm-control", "nowhere", "--swarm-control is")]
    public async Task A_wrong_number_is_named(string option, string value, string sentence)
    {
        var result = await Operator.TypesAsync("load", "--api", "http://127.0.0.1:1", option, value);

        Assert.That((result.ExitCode, result.Error.Contains(sentence, StringComparison.Ordinal)), Is.EqualTo((78, true)), result.Error);
    }
}
