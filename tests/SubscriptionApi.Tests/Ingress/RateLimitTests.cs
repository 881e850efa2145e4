using System.Net;
using System.Text;
using Sotto.FakePhone;
using SubscriptionApi.Ingress;
using SubscriptionApi.Tests.Support;
using SubscriptionApi.Tests.Vectors;

namespace SubscriptionApi.Tests.Ingress;

/// <summary>What one client, and all together, may ask for. Over sockets the clients are told apart by what a proxy on this machine says of them.</summary>
public sealed class RateLimitTests
{
    private const string Proxied = "--Ingress:TrustedProxies=127.0.0.0/8";

    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.1");

    [Test]
    public async Task A_client_that_asks_for_too_much_is_told_so_and_no_other_client_is()
    {
        await using var api = await ApiUnderTest.StartedAsync(settings: [Proxied, "--Ingress:ClientRate=1", "--Ingress:ClientBurst=4"]);
        for (var i = 0; i < 4; i++)
            Assert.That(await AskAsync(api, "/subscribe", "[]", "192.0.2.1"), Does.StartWith("HTTP/1.1 200 ").And.EndWith("[]"));

        var plain = await UntilAsync(() => AskAsync(api, "/subscribe", "[]", "192.0.2.1"), said => !said.EndsWith("[]", StringComparison.Ordinal));
        Assert.That(plain, Does.StartWith("HTTP/1.1 200 ").And.Contain("application/json").And.Contain("{\"error\":3,"));
        var onion = await UntilAsync(() => AskAsync(api, "/oxen/v4/lsrpc", "x", "192.0.2.1"), said => said.StartsWith("HTTP/1.1 429 ", StringComparison.Ordinal));
        Assert.That(onion, Does.Contain("Retry-After: "));
        Assert.That(await AskAsync(api, "/subscribe", "[]", "192.0.2.2"), Does.EndWith("[]"));
        // To the left of the proxy's own word anybody can write anything.
        Assert.That(await UntilAsync(() => AskAsync(api, "/unsubscribe", "[]", "192.0.2.9, 192.0.2.1"), said => said.Contains("error", StringComparison.Ordinal)), Does.Contain("\"error\":3"));
    }

    [Test]
    public async Task All_clients_together_have_a_limit_too()
    {
        await using var api = await ApiUnderTest.StartedAsync(settings: [Proxied, "--Ingress:TotalRate=1", "--Ingress:TotalBurst=3"]);
        var number = 0;

        var plain = await UntilAsync(() => AskAsync(api, "/subscribe", "[]", $"192.0.2.{++number}"), said => said.Contains("\"error\":3", StringComparison.Ordinal));
        var onion = await UntilAsync(() => AskAsync(api, "/oxen/v4/lsrpc", "x", $"192.0.2.{++number}"), said => said.StartsWith("HTTP/1.1 503 ", StringComparison.Ordinal));

        Assert.That(plain, Does.StartWith("HTTP/1.1 200 "));
        Assert.That(onion, Does.Contain("Retry-After: "));
    }

    [Test]
    public async Task Without_a_trusted_proxy_what_a_request_says_of_its_origin_does_not_count()
    {
        await using var api = await ApiUnderTest.StartedAsync(settings: ["--Ingress:UnlimitedNetworks=", "--Ingress:ClientRate=1", "--Ingress:ClientBurst=2"]);
        var number = 0;

        var answer = await UntilAsync(() => AskAsync(api, "/subscribe", "[]", $"192.0.2.{++number}"), said => said.Contains("\"error\":3", StringComparison.Ordinal));

        Assert.That(answer, Does.StartWith("HTTP/1.1 200 "));
    }

    [Test]
    public async Task This_machine_has_no_limit_of_its_own_unless_told_otherwise()
    {
        await using var api = await ApiUnderTest.StartedAsync(settings: ["--Ingress:ClientRate=1", "--Ingress:ClientBurst=1"]);

        for (var i = 0; i < 20; i++)
            Assert.That((await api.PostAsync("/subscribe", "[]")).GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task More_requests_than_can_be_in_work_are_answered_with_error_3_after_a_while()
    {
        await using var api = await ApiUnderTest.StartedAsync(settings: ["--Ingress:RequestsInWorkMax=2"]);
        api.Providers.Bend = _ => null;
        var hanging = Enumerable.Range(0, 2).Select(_ => FakePhone.Create().SubscribeAsync(api.Http, api.Address, "apns", [0])).ToList();
        await Eventually.BecomesTrueAsync(() => api.Providers.Asked >= 2, what: "two requests were in work");

        Expected.Error(3, await api.PostAsync("/subscribe", "[]"));

        api.Providers.Bend = null;
        await Task.WhenAll(hanging);
        Assert.That((await api.PostAsync("/subscribe", "[]")).GetArrayLength(), Is.Zero);
    }

    [Test]
    public void An_allowance_grows_with_time_up_to_its_burst_and_a_large_request_leaves_a_debt()
    {
        var clock = new ManualTimeProvider();
        var allowance = new Allowance(rate: 10, burst: 20, clock);

        Assert.That(Enumerable.Range(0, 30).Count(_ => allowance.TryTake(1)), Is.EqualTo(20));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Enumerable.Range(0, 30).Count(_ => allowance.TryTake(1)), Is.EqualTo(10));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.That(allowance.TryTake(1_000_000), Is.True);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.That(allowance.TryTake(1), Is.False);
        clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.That(allowance.TryTake(1), Is.True);
    }

    [Test]
    public void A_body_weighs_one_for_each_thousand_bytes_begun()
    {
        var limits = new RateLimits(new IngressSettings { ClientRate = 1, ClientBurst = 103 }, new ManualTimeProvider());

        Assert.That(limits.Refuses(Client, 100_000), Is.Null);
        Assert.That(limits.Refuses(Client, 1_001), Is.Null);
        Assert.That(limits.Refuses(Client, 0), Is.Null);
        Assert.That(limits.Refuses(Client, 0), Is.EqualTo(IngressRefusal.ClientRate));
    }

    [Test]
    public void What_one_request_says_of_its_length_does_not_use_up_what_all_clients_have()
    {
        var limits = new RateLimits(new IngressSettings(), new ManualTimeProvider());

        Assert.That(limits.Refuses(Client, long.MaxValue), Is.Null);
        Assert.That(limits.Refuses(Client, 0), Is.EqualTo(IngressRefusal.ClientRate));
        Assert.That(limits.Refuses(IPAddress.Parse("192.0.2.2"), 0), Is.Null);
    }

    [Test]
    public void A_client_is_not_forgotten_before_its_allowance_is_whole_again()
    {
        var clock = new ManualTimeProvider();
        var limits = new RateLimits(new IngressSettings { ClientRate = 1, ClientBurst = 10 }, clock);
        for (var second = 0; second < 200; second++)
        {
            // One a second is what it may have; the second of each pair is one too many once the burst is used up.
            limits.Refuses(Client, 0);
            var refusal = limits.Refuses(Client, 0);
            Assert.That(refusal, Is.EqualTo(second < 9 ? null : (IngressRefusal?)IngressRefusal.ClientRate), $"second {second}");
            clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Test]
    public void More_clients_than_are_remembered_share_one_allowance()
    {
        var limits = new RateLimits(new IngressSettings { ClientRate = 1, ClientBurst = 1, TotalRate = 0 }, new ManualTimeProvider());
        for (var number = 0; number < RateLimits.ClientsMax; number++)
            Assert.That(limits.Refuses(new IPAddress(number + 1L), 0), Is.Null);

        Assert.That(limits.Refuses(new IPAddress(200_001L), 0), Is.Null);
        Assert.That(limits.Refuses(new IPAddress(200_002L), 0), Is.EqualTo(IngressRefusal.ClientRate));
    }

    private static async Task<string> UntilAsync(Func<Task<string>> ask, Func<string, bool> isIt)
    {
        var answer = "";
        await Eventually.BecomesTrueAsync(async () => isIt(answer = await ask()), what: "the limit was reached");
        return answer;
    }

    private static Task<string> AskAsync(ApiUnderTest api, string path, string body, string forwardedFor) =>
        RawHttp.ExchangeAsync(api.Address, $"POST {path} HTTP/1.1\r\nHost: sotto\r\nX-Forwarded-For: {forwardedFor}\r\nContent-Length: {Encoding.Latin1.GetByteCount(body)}\r\n\r\n{body}");
}
