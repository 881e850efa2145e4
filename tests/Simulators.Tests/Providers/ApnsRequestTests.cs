using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using Sotto.FakeApns;
using Sotto.FakeProvider;
using Sotto.TestSupport;

namespace Simulators.Tests.Providers;

/// <summary>What is pushed: the cases of <c>apns-requests.json</c> and <c>apns-errors.json</c>.</summary>
public sealed class ApnsRequestTests
{
    private const string Topic = "com.example.app";
    private const string Body = """{"aps":{"alert":"x"}}""";
    private const string DeviceToken = "538e71fcd1054fd873e8959bfd057a8d6fcf12c9c42ebc1499ae03fec15ec207";
    private const string Path = "/3/device/" + DeviceToken;

    private FakeApns _apple = null!;
    private ProviderClient _client = null!;
    private (string Name, string Value) _authorization;

    public static IEnumerable<TestCaseData> Requests => VectorFolder.Cases("providers", "apns-requests.json", "requests");

    public static IEnumerable<TestCaseData> SizeCases => VectorFolder.Cases("providers", "apns-requests.json", "size_cases");

    public static IEnumerable<TestCaseData> HeaderCases => VectorFolder.Cases("providers", "apns-requests.json", "header_cases");

    public static IEnumerable<TestCaseData> Errors => VectorFolder.Cases("providers", "apns-errors.json", "cases");

    [SetUp]
    public async Task StartAppleAsync()
    {
        _apple = await FakeApns.StartAsync(new() { Topic = Topic });
        _client = ProviderClient.Http2(_apple);
        _authorization = ("authorization", "bearer " + ApnsJwt.Sign(_apple.Key, TimeProvider.System.GetUtcNow()));
    }

    [TearDown]
    public async Task StopAppleAsync()
    {
        _client.Dispose();
        await _apple.DisposeAsync();
    }

    [TestCaseSource(nameof(Requests))]
    public async Task A_request_is_answered_as_in_the_vectors(VectorCase vector)
    {
        var (request, response) = (vector.Json.GetProperty("headers"), vector.Json.GetProperty("response"));
        var expected = response.Text("body");
        if (expected.Length > 0)
            _apple.Unregister(DeviceToken, DateTimeOffset.FromUnixTimeMilliseconds(JsonDocument.Parse(expected).RootElement.GetProperty("timestamp").GetInt64()));
        var headers = request.EnumerateObject().Where(header => header.Name[0] != ':')
            .Select(header => header.Name == "authorization" ? _authorization : (header.Name, header.Value.GetString()!)).ToArray();

        var answer = await _client.PostAsync(request.Text(":path"), vector.Json.Text("body"), headers);

        Assert.That(answer.Status, Is.EqualTo(response.GetProperty("status").GetInt32()), answer.Body);
        Assert.That(answer.Body, Is.EqualTo(expected));
        Assert.That(Guid.TryParseExact(answer.Headers["apns-id"], "D", out _), "an apns-id is always given");
        if (request.TextOrNull("apns-id") is { } id)
            Assert.That(answer.Headers["apns-id"], Is.EqualTo(id));
    }

    [TestCaseSource(nameof(SizeCases))]
    public async Task A_body_is_as_large_as_it_may_be(VectorCase vector)
    {
        var pushType = vector.Json.Text("push_type");
        var body = BuildBody(vector.Json.GetProperty("body_bytes").GetInt32());
        Assert.That(Convert.ToHexStringLower(SHA256.HashData(body)), Is.EqualTo(vector.Json.Text("sha256")), "the body is built as the vectors say");

        var topic = pushType == "voip" ? Topic + ".voip" : Topic;
        var answer = await _client.SendAsync("POST", Path, body, _authorization, ("apns-topic", topic), ("apns-push-type", pushType));

        ApnsProviderTokenTests.AssertExpected(answer, vector.Json.GetProperty("expect"));
    }

    [TestCaseSource(nameof(HeaderCases))]
    public async Task One_change_in_a_good_request_has_its_answer(VectorCase vector)
    {
        var change = vector.Json.Text("change");

        var answer = await SendChangedAsync(change);

        ApnsProviderTokenTests.AssertExpected(answer, vector.Json.GetProperty("expect"));
    }

    [TestCaseSource(nameof(Errors))]
    public async Task Each_answer_of_Apple_can_be_scripted(VectorCase vector)
    {
        var status = vector.Json.GetProperty("status").GetInt32();
        _apple.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = status, Body = vector.Json.TextOrNull("body") ?? "" });

        var answer = await PushAsync();
        var next = await PushAsync();

        Assert.That((answer.Status, answer.Body), Is.EqualTo((status, vector.Json.TextOrNull("body") ?? "")));
        Assert.That(next.Status, Is.EqualTo(200), "a scripted answer is given once");
    }

    [TestCase(TokenState.Unregistered, 410, "Unregistered")]
    [TestCase(TokenState.Expired, 410, "ExpiredToken")]
    [TestCase(TokenState.Bad, 400, "BadDeviceToken")]
    [TestCase(TokenState.Foreign, 400, "DeviceTokenNotForTopic")]
    [TestCase(TokenState.Throttled, 429, "TooManyRequests")]
    public async Task Each_state_of_a_device_token_has_its_answer(TokenState state, int status, string reason)
    {
        _apple.Tokens.Set(DeviceToken, state, DateTimeOffset.FromUnixTimeMilliseconds(1_699_999_000_000));

        var answer = await PushAsync();

        Assert.That((answer.Status, ApnsProviderTokenTests.Reason(answer)), Is.EqualTo((status, reason)));
        Assert.That(answer.Body.Contains("\"timestamp\":1699999000000", StringComparison.Ordinal), Is.EqualTo(status == 410));
    }

    [Test]
    public async Task A_strict_Apple_knows_only_the_tokens_it_issued()
    {
        await using var strict = await FakeApns.StartAsync(new() { Topic = Topic, Key = _apple.Key, StrictTokens = true });
        using var stranger = ProviderClient.Http2(strict);

        var unknown = await stranger.PostAsync(Path, Body, _authorization, ("apns-topic", Topic));
        strict.Tokens.Set(DeviceToken, TokenState.Alive);
        var known = await stranger.PostAsync(Path, Body, _authorization, ("apns-topic", Topic));

        Assert.That((unknown.Status, known.Status), Is.EqualTo((400, 200)));
    }

    private Task<Answer> PushAsync(params (string, string)[] more) => _client.PostAsync(Path, Body, [_authorization, ("apns-topic", Topic), .. more]);

    private Task<Answer> SendChangedAsync(string change)
    {
        switch (change)
        {
            case "apns-collapse-id of 64 bytes":
                return PushAsync(("apns-collapse-id", new('c', 64)));
            case "apns-collapse-id of 65 bytes":
                return PushAsync(("apns-collapse-id", new('c', 65)));
            case "apns-collapse-id of 33 two-byte characters (66 bytes)":
                return PushAsync(("apns-collapse-id", new('é', 33)));
            case "apns-priority 7":
                return PushAsync(("apns-priority", "7"));
            case "apns-id not a UUID":
                return PushAsync(("apns-id", "seven"));
            case "apns-expiration \"soon\"":
                return PushAsync(("apns-expiration", "soon"));
            case "apns-push-type \"blink\"":
                return PushAsync(("apns-push-type", "blink"));
            case "no apns-topic, token connection":
                return _client.PostAsync(Path, Body, _authorization);
            case "empty body":
                return _client.PostAsync(Path, "", _authorization, ("apns-topic", Topic));
            case ":path /3/device/":
                return _client.PostAsync("/3/device/", Body, _authorization, ("apns-topic", Topic));
            case ":path /4/device/<token>":
                return _client.PostAsync("/4/device/" + DeviceToken, Body, _authorization, ("apns-topic", Topic));
            case ":method GET":
                return _client.SendAsync("GET", Path, [], _authorization, ("apns-topic", Topic));
            case "token of 10 hex digits":
                return _client.PostAsync("/3/device/0123456789", Body, _authorization, ("apns-topic", Topic));
            case "token not hexadecimal":
                return _client.PostAsync("/3/device/" + new string('z', 64), Body, _authorization, ("apns-topic", Topic));
            case "token known for another topic":
                _apple.Tokens.Set(DeviceToken, TokenState.Alive, topic: "com.example.other");
                return PushAsync();
            case "sandbox token on the production host":
                _apple.Tokens.Set(DeviceToken, TokenState.Alive, environment: "sandbox");
                return PushAsync();
            case "apns-topic sent twice":
                return RawHttp2.PostAsync(_apple, Path, Body, [_authorization, ("apns-topic", Topic), ("apns-topic", Topic)]);
            default:
                throw new NotSupportedException($"The vectors have a change that this test does not know: {change}");
        }
    }

    private static byte[] BuildBody(int bytes)
    {
        var start = "{\"aps\":{\"alert\":\"x\",\"mutable-content\":1},\"p\":\"";
        return Encoding.UTF8.GetBytes(start + new string('A', bytes - start.Length - 2) + "\"}");
    }
}
