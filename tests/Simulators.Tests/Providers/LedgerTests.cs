using System.Text.Json;
using NUnit.Framework;
using Sotto.FakeApns;
using Sotto.FakeProvider;
using Sotto.TestSupport;

namespace Simulators.Tests.Providers;

/// <summary>What a simulator saw, and its control endpoint.</summary>
public sealed class LedgerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private FakeApns _apple = null!;
    private ProviderClient _client = null!;
    private ProviderClient _control = null!;
    private (string, string)[] _headers = [];

    [SetUp]
    public async Task StartAppleAsync()
    {
        _apple = await FakeApns.StartAsync(new() { ReceivedMax = 50 });
        _client = ProviderClient.Http2(_apple);
        _control = new(_apple.Control, new SocketsHttpHandler(), System.Net.HttpVersion.Version11);
        _headers = [("authorization", "bearer " + ApnsJwt.Sign(_apple.Key, TimeProvider.System.GetUtcNow())), ("apns-topic", _apple.Topic)];
    }

    [TearDown]
    public async Task StopAppleAsync()
    {
        _client.Dispose();
        _control.Dispose();
        await _apple.DisposeAsync();
    }

    [Test]
    public async Task Counts_are_exact_beyond_what_is_kept()
    {
        // Of 1000 pushes to 100 devices the last 100 repeat the first.
        var pushes = Enumerable.Range(0, 1000).Select(i => PushAsync(Token(i % 100), $$"""{"aps":{},"n":{{i % 900}}}"""));
        await Task.WhenAll(pushes).WaitAsync(Patience);

        var summary = _apple.Ledger.Summarise();

        Assert.That((summary.Requests, summary.Accepted, summary.Distinct, summary.Duplicates), Is.EqualTo((1000L, 1000L, 900L, 100L)));
        Assert.That((summary.Devices, summary.Statuses[200], summary.Exact), Is.EqualTo((100L, 1000L, true)));
        Assert.That(summary.Repeated, Has.Count.EqualTo(100).And.All.Matches<KeyValuePair<string, int>>(pair => pair.Value == 2));
        Assert.That(_apple.Ledger.AcceptedFor(Token(7)), Is.EqualTo(10));
        Assert.That(_apple.Ledger.Received.Select(request => request.Sequence), Is.EqualTo(Enumerable.Range(951, 50)));
    }

    [Test]
    public async Task A_wait_ends_when_what_it_waits_for_has_come()
    {
        var waiting = _apple.Ledger.WaitForAcceptedAsync(3, Patience);
        for (var i = 0; i < 3; i++)
        {
            Assert.That(waiting.IsCompleted, Is.False);
            await PushAsync(Token(i), "{}");
        }

        Assert.That((await waiting).Select(request => request.Tokens.Single()), Is.EqualTo(new[] { Token(0), Token(1), Token(2) }));
    }

    [Test]
    public async Task A_wait_in_vain_says_what_came_instead()
    {
        await PushAsync("zz", "{}");

        Assert.That(
            async () => await _apple.Ledger.WaitForAcceptedAsync(1, TimeSpan.FromMilliseconds(50)),
            Throws.InstanceOf<TimeoutException>().With.Message.Contains("0 of 1").And.Message.Contains("BadDeviceToken 1"));
    }

    [Test]
    public async Task What_was_received_is_read_page_by_page()
    {
        for (var i = 0; i < 5; i++)
            await PushAsync(Token(i), $$"""{"aps":{},"n":{{i}}}""");

        var first = await GetAsync("/received?since=0&limit=3");
        var second = await GetAsync($"/received?since={first.GetProperty("next").GetInt64()}");
        var third = await GetAsync($"/received?since={second.GetProperty("next").GetInt64()}");

        Assert.That(new[] { first, second, third }.Select(page => page.GetProperty("items").GetArrayLength()), Is.EqualTo([3, 2, 0]));
        Assert.That(third.GetProperty("next").GetInt64(), Is.EqualTo(5));
        var item = first.GetProperty("items")[1];
        Assert.That((item.GetProperty("seq").GetInt64(), item.Text("method"), item.Text("path")), Is.EqualTo((2, "POST", "/3/device/" + Token(1))));
        Assert.That((item.Text("body"), item.Text("protocol"), item.Text("listener")), Is.EqualTo(("""{"aps":{},"n":1}""", "HTTP/2", "production")));
        Assert.That((item.GetProperty("status").GetInt32(), item.GetProperty("accepted").GetBoolean()), Is.EqualTo((200, true)));
        Assert.That(item.GetProperty("headers").Text("apns-topic"), Is.EqualTo(_apple.Topic));
    }

    [Test]
    public async Task The_control_endpoint_steers_what_the_members_steer()
    {
        await _control.PostAsync("/tokens", $$"""[{"token":"{{Token(1)}}","state":"unregistered","atMs":1699999000000},{"token":"{{Token(2)}}","state":"bad"}]""");
        await _control.PostAsync("/faults", """{"kind":"answer","status":500,"retryAfter":"7"}""");

        var (fault, unregistered, bad) = (await PushAsync(Token(1), "{}"), await PushAsync(Token(1), "{}"), await PushAsync(Token(2), "{}"));

        Assert.That((fault.Status, fault.Headers["retry-after"]), Is.EqualTo((500, "7")));
        Assert.That(unregistered.Body, Is.EqualTo("""{"reason":"Unregistered","timestamp":1699999000000}"""));
        Assert.That(bad.Status, Is.EqualTo(400));
        var ledger = await GetAsync($"/ledger?ids=true&token={Token(1)}");
        Assert.That(ledger.GetProperty("refused").GetRawText(), Is.EqualTo("""{"Unregistered":1,"BadDeviceToken":1}"""));
        Assert.That(ledger.GetProperty("faults").GetProperty("answer").GetInt32(), Is.EqualTo(1));
        Assert.That((ledger.GetProperty("ids").GetArrayLength(), ledger.GetProperty("tokenAccepted").GetInt32()), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task A_moved_clock_makes_tokens_old()
    {
        await _control.PostAsync("/clock", """{"offsetMs":3700000}""");

        var answer = await PushAsync(Token(1), "{}");

        Assert.That(answer.Body, Does.Contain("ExpiredProviderToken"));
    }

    [Test]
    public async Task A_reset_forgets_everything()
    {
        await PushAsync(Token(1), "{}");
        _apple.Unregister(Token(1), DateTimeOffset.UnixEpoch);
        _apple.Faults.Add(new Fault { Kind = FaultKind.Close, Count = 0 });

        await _control.PostAsync("/reset", "");

        Assert.That((await GetAsync("/ledger")).GetProperty("requests").GetInt32(), Is.Zero);
        Assert.That((await PushAsync(Token(1), "{}")).Status, Is.EqualTo(200));
        Assert.That((await GetAsync("/received")).GetProperty("items")[0].GetProperty("seq").GetInt32(), Is.EqualTo(1));
    }

    [Test]
    public async Task Stats_tell_how_busy_it_is()
    {
        await PushAsync(Token(1), "{}");

        var stats = await GetAsync("/stats");

        Assert.That((stats.Text("name"), stats.GetProperty("accepted").GetInt32(), stats.GetProperty("connectionsOpen").GetInt32()), Is.EqualTo(("apns", 1, 1)));
    }

    [TestCase("POST", "/faults", """{"kind":"unheard of"}""", 400)]
    [TestCase("POST", "/faults", """{"kind":"close","cuont":3}""", 400)]
    [TestCase("POST", "/faults", "not json", 400)]
    [TestCase("POST", "/faults", "null", 400)]
    [TestCase("POST", "/tokens", """{"state":"alive"}""", 400)]
    [TestCase("GET", "/received?since=yesterday", "", 400)]
    [TestCase("GET", "/nothing", "", 404)]
    public async Task A_wrong_order_is_told_so(string method, string path, string body, int status)
    {
        var answer = await _control.SendAsync(method, path, System.Text.Encoding.UTF8.GetBytes(body));

        Assert.That(answer.Status, Is.EqualTo(status), answer.Body);
        Assert.That(JsonDocument.Parse(answer.Body).RootElement.Text("error"), Is.Not.Empty);
    }

    private static string Token(int number) => number.ToString("x64", System.Globalization.CultureInfo.InvariantCulture);

    private Task<Answer> PushAsync(string token, string body) => _client.PostAsync("/3/device/" + token, body, _headers);

    private async Task<JsonElement> GetAsync(string path)
    {
        var answer = await _control.SendAsync("GET", path, []);
        Assert.That(answer.Status, Is.EqualTo(200), answer.Body);
        return JsonDocument.Parse(answer.Body).RootElement;
    }
}
