using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;
using Sotto.FakeApns;
using Sotto.FakeHms;
using Sotto.FakeProvider;
using Sotto.TestSupport;

namespace Simulators.Tests.Providers;

/// <summary>Scripted faults as a client meets them on the wire.</summary>
public sealed class FaultTests
{
    private const string DeviceToken = "538e71fcd1054fd873e8959bfd057a8d6fcf12c9c42ebc1499ae03fec15ec207";
    private const string Body = """{"aps":{"alert":"x"}}""";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private FakeApns _apple = null!;
    private ProviderClient _client = null!;
    private (string, string)[] _headers = [];

    [SetUp]
    public async Task StartAppleAsync()
    {
        _apple = await FakeApns.StartAsync();
        _client = ProviderClient.Http2(_apple);
        _headers = [("authorization", "bearer " + ApnsJwt.Sign(_apple.Key, TimeProvider.System.GetUtcNow())), ("apns-topic", _apple.Topic)];
    }

    [TearDown]
    public async Task StopAppleAsync()
    {
        _client.Dispose();
        await _apple.DisposeAsync();
    }

    [TestCase(FaultKind.Close)]
    [TestCase(FaultKind.Reset)]
    [TestCase(FaultKind.Cut)]
    [TestCase(FaultKind.LostAnswer)]
    public async Task A_broken_request_gives_no_answer(FaultKind kind)
    {
        _apple.Faults.Add(new Fault { Kind = kind });

        Assert.That(async () => await PushAsync(), Throws.InstanceOf<HttpRequestException>().Or.InstanceOf<IOException>());
        Assert.That((await PushAsync()).Status, Is.EqualTo(200), "the fault is used up");
        Assert.That(_apple.Ledger.Summarise().Faults[kind], Is.EqualTo(1));
        Assert.That(_apple.Ledger.Accepted, Is.EqualTo(kind == FaultKind.LostAnswer ? 2 : 1), "only a lost answer was stored");
    }

    [TestCase(FaultKind.Close)]
    [TestCase(FaultKind.Reset)]
    [TestCase(FaultKind.Cut)]
    [TestCase(FaultKind.LostAnswer)]
    public async Task A_broken_request_of_http_1_gives_no_answer(FaultKind kind)
    {
        await using var huawei = await FakeHms.StartAsync();
        using var sender = ProviderClient.Http1(huawei);
        // A first answer, so that the fault meets a connection that was good.
        Assert.That((await sender.PostAsync("/nowhere", "{}")).Status, Is.EqualTo(404));
        huawei.Faults.Add(new Fault { Kind = kind });

        Assert.That(async () => await sender.PostAsync("/nowhere", "{}"), Throws.InstanceOf<HttpRequestException>().Or.InstanceOf<IOException>());
        Assert.That((await sender.PostAsync("/nowhere", "{}")).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task A_reset_leaves_the_connection_and_a_close_does_not()
    {
        await PushAsync();
        _apple.Faults.Add(new Fault { Kind = FaultKind.Reset });
        Assert.That(async () => await PushAsync(), Throws.InstanceOf<HttpRequestException>());
        await PushAsync();
        _apple.Faults.Add(new Fault { Kind = FaultKind.Close });
        Assert.That(async () => await PushAsync(), Throws.InstanceOf<HttpRequestException>());
        await PushAsync();

        var connections = _apple.Ledger.Received.Select(request => request.Connection).ToList();
        Assert.That(connections[..4].Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(1), "up to the close there is one connection");
        Assert.That(connections[4], Is.Not.EqualTo(connections[3]));
    }

    [Test]
    public async Task A_dismissed_client_has_its_answer_and_comes_again_on_another_connection()
    {
        _apple.Faults.Add(new Fault { Kind = FaultKind.GoAway });

        var (first, second) = (await PushAsync(), await PushAsync());

        Assert.That((first.Status, second.Status), Is.EqualTo((200, 200)));
        Assert.That(_apple.Ledger.Received[1].Connection, Is.Not.EqualTo(_apple.Ledger.Received[0].Connection));
    }

    [Test]
    public void A_silent_server_says_nothing_until_the_client_goes()
    {
        _apple.Faults.Add(new Fault { Kind = FaultKind.Forever });
        using var impatience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        Assert.That(
            async () => await _client.SendAsync("POST", "/3/device/" + DeviceToken, "{}"u8.ToArray(), impatience.Token, _headers),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That((_apple.Ledger.Requests, _apple.Ledger.Accepted), Is.EqualTo((1L, 0L)));
    }

    [TestCase(FaultKind.Html, 502, "text/html; charset=UTF-8")]
    [TestCase(FaultKind.Empty, 503, null)]
    [TestCase(FaultKind.Garbage, 200, "application/json")]
    [TestCase(FaultKind.Answer, 503, "application/json")]
    public async Task A_strange_answer_is_given_unjudged(FaultKind kind, int status, string? contentType)
    {
        _apple.Faults.Add(new Fault { Kind = kind });

        var answer = await PushAsync();

        Assert.That((answer.Status, answer.Headers.GetValueOrDefault("content-type")), Is.EqualTo((status, contentType)));
        Assert.That(_apple.Ledger.Accepted, Is.Zero);
    }

    [Test]
    public async Task A_dripping_answer_is_right_in_the_end()
    {
        _apple.Unregister(DeviceToken, DateTimeOffset.UnixEpoch);
        _apple.Faults.Add(new Fault { Kind = FaultKind.Drip, DelayMs = 5 });
        var began = Stopwatch.GetTimestamp();

        var answer = await PushAsync();

        Assert.That(answer.Body, Is.EqualTo("""{"reason":"Unregistered","timestamp":0}"""));
        Assert.That(Stopwatch.GetElapsedTime(began), Is.GreaterThan(TimeSpan.FromMilliseconds(5 * answer.Body.Length)));
    }

    [Test]
    public async Task A_delayed_answer_is_right_in_the_end()
    {
        _apple.Faults.Add(new Fault { Kind = FaultKind.Delay, DelayMs = 200 });
        var began = Stopwatch.GetTimestamp();

        var answer = await PushAsync();

        Assert.That(answer.Status, Is.EqualTo(200));
        Assert.That(Stopwatch.GetElapsedTime(began), Is.GreaterThan(TimeSpan.FromMilliseconds(190)));
    }

    [Test]
    public async Task It_can_say_when_to_come_again_in_both_forms()
    {
        _apple.Faults.Add(
            new Fault { Kind = FaultKind.Answer, Status = 429, RetryAfter = "120" },
            new Fault { Kind = FaultKind.Answer, Status = 503, RetryAfterDateSeconds = 90 },
            new Fault { Kind = FaultKind.Answer, Status = 503, RetryAfter = "soon" });

        var (seconds, date, nonsense) = (await PushAsync(), await PushAsync(), await PushAsync());

        var at = DateTimeOffset.ParseExact(date.Headers["retry-after"], "R", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        Assert.That((seconds.Status, seconds.Headers["retry-after"]), Is.EqualTo((429, "120")));
        Assert.That(at, Is.EqualTo(TimeProvider.System.GetUtcNow().AddSeconds(90)).Within(TimeSpan.FromSeconds(30)));
        Assert.That(nonsense.Headers["retry-after"], Is.EqualTo("soon"));
    }

    [Test]
    public async Task A_list_of_faults_is_a_script()
    {
        _apple.Faults.Add(Enumerable.Range(500, 4).Select(status => new Fault { Kind = FaultKind.Answer, Status = status }).ToList());

        var statuses = new List<int>();
        for (var i = 0; i < 5; i++)
            statuses.Add((await PushAsync()).Status);

        Assert.That(statuses, Is.EqualTo([500, 501, 502, 503, 200]));
    }

    [Test]
    public async Task A_fault_meets_its_device_its_count_and_its_turn_alone()
    {
        var other = DeviceToken.Replace('5', '6');
        _apple.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 500, Token = DeviceToken, Skip = 1, Count = 2 });

        var statuses = new List<int>();
        for (var i = 0; i < 4; i++)
            statuses.AddRange([(await PushAsync()).Status, (await PushAsync(other)).Status]);

        Assert.That(statuses, Is.EqualTo([200, 200, 500, 200, 500, 200, 200, 200]));
    }

    [Test]
    public async Task A_fault_of_some_probability_meets_some()
    {
        _apple.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 500, Probability = 0.5, Count = 0 });

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => PushAsync()));

        // All alike would have a probability of 2^-199.
        Assert.That(answers.Select(answer => answer.Status).Distinct().Order(), Is.EqualTo([200, 500]));
    }

    [Test]
    public async Task An_outage_begins_and_ends()
    {
        var clock = new ManualTimeProvider();
        await using var huawei = await FakeHms.StartAsync(new() { Clock = clock });
        using var sender = ProviderClient.Http1(huawei);
        huawei.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 503, Count = 0, AfterMs = 10_000, ForMs = 20_000 });

        var statuses = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            statuses.Add((await sender.PostAsync("/nowhere", "{}")).Status);
            clock.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.That(statuses, Is.EqualTo([404, 503, 503, 404]));
    }

    [Test]
    public async Task A_refusing_server_takes_no_new_connection()
    {
        _apple.Faults.Add(new Fault { Kind = FaultKind.Refuse, Count = 0 });

        Assert.That(async () => await PushAsync(), Throws.InstanceOf<HttpRequestException>());
        _apple.Faults.Clear();

        Assert.That((await PushAsync()).Status, Is.EqualTo(200));
        Assert.That(_apple.Ledger.Requests, Is.EqualTo(1), "what was refused never arrived");
    }

    private async Task<Answer> PushAsync(string token = DeviceToken) =>
        await _client.PostAsync("/3/device/" + token, Body, _headers).WaitAsync(Patience);
}
