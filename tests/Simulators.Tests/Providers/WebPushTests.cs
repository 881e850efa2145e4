using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sotto.FakeProvider;
using Sotto.FakeWebPush;
using Sotto.TestSupport;

namespace Simulators.Tests.Providers;

/// <summary>What a push service and its subscribers make of a message: the cases of <c>webpush-rfc8291.json</c> and <c>vapid.json</c>, and each refusal of each style.</summary>
public sealed class WebPushTests
{
    private static readonly (string Name, string Value)[] GoodHeaders = [("ttl", "60"), ("urgency", "high"), ("content-encoding", "aes128gcm")];

    private FakeWebPush _service = null!;
    private ProviderClient _client = null!;

    public static IEnumerable<TestCaseData> RfcExample => VectorFolder.Cases("providers", "webpush-rfc8291.json", "rfc8291", root => [root.GetProperty("rfc8291")]);

    public static IEnumerable<TestCaseData> CodingExamples => VectorFolder.Cases("providers", "webpush-rfc8291.json", "rfc8188");

    public static IEnumerable<TestCaseData> VapidCases => VectorFolder.Cases("providers", "vapid.json", "server_cases");

    [SetUp]
    public async Task StartServiceAsync()
    {
        _service = await FakeWebPush.StartAsync();
        _client = ProviderClient.Http2(_service);
    }

    [TearDown]
    public async Task StopServiceAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
    }

    [TestCaseSource(nameof(RfcExample))]
    public void The_receiver_opens_the_example_of_RFC_8291(VectorCase vector)
    {
        var point = Bytes(vector.Json.Text("ua_public"));
        using var receiver = ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = Bytes(vector.Json.Text("ua_private")),
            Q = new ECPoint { X = point[1..33], Y = point[33..] },
        });
        var body = Bytes(vector.Json.Text("body_b64u"));

        Assert.That(MessageOpening.TryOpen(body, receiver, point, Bytes(vector.Json.Text("auth_secret"))), Is.EqualTo(Bytes(vector.Json.Text("plaintext_b64u"))));
        body[^1] ^= 1;
        Assert.That(MessageOpening.TryOpen(body, receiver, point, Bytes(vector.Json.Text("auth_secret"))), Is.Null);
    }

    [TestCaseSource(nameof(CodingExamples))]
    public void It_opens_the_examples_of_RFC_8188_of_one_record_and_of_more(VectorCase vector)
    {
        var body = Bytes(vector.Json.Text("body"));
        var recordSize = (int)BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(16));

        var opened = MessageOpening.TryOpenContent(body.AsSpan(0, 16), recordSize, Bytes(vector.Json.Text("key")), body.AsSpan(21 + body[20]));

        Assert.That(Encoding.UTF8.GetString(opened!), Is.EqualTo(vector.Json.Text("plaintext")));
    }

    [TestCaseSource(nameof(VapidCases))]
    public void A_token_is_good_or_not_as_RFC_8292_has_it(VectorCase vector)
    {
        var key = vector.Root.GetProperty("key").Text("public_uncompressed_b64u");
        var now = DateTimeOffset.FromUnixTimeSeconds(vector.Json.GetProperty("now").GetInt64());
        var authorization = $"vapid t={vector.Json.Text("jwt")}, k={key}";
        var good = vector.Json.GetProperty("expect_status").GetInt32() == 201;

        Assert.That(VapidCheck.Of(authorization, "https://push.example.net", boundTo: null, mustContact: false, now), good ? Is.Null : Is.EqualTo(Complaint.BadVapid));
        if (good)
            Assert.That(VapidCheck.Of(authorization, "https://push.example.net", boundTo: "another", mustContact: false, now), Is.EqualTo(Complaint.OtherKey));
    }

    [TestCase(PushServiceStyle.Rfc, 201)]
    [TestCase(PushServiceStyle.Ntfy, 201)]
    [TestCase(PushServiceStyle.Mozilla, 401)]
    [TestCase(PushServiceStyle.Apple, 403)]
    public async Task Who_does_not_ask_for_VAPID_takes_a_message_without(PushServiceStyle style, int status)
    {
        var subscription = _service.Subscribe(style);

        Assert.That((await PostAsync(subscription, [1, 2, 3])).Status, Is.EqualTo(status));
    }

    [Test]
    public async Task What_the_device_cannot_open_is_answered_well_and_not_counted_as_taken()
    {
        var answer = await PostAsync(_service.Subscribe(), new byte[200]);

        Assert.That((answer.Status, answer.Headers.ContainsKey("location")), Is.EqualTo((201, true)));
        Assert.That(_service.Ledger.Accepted, Is.Zero);
        Assert.That(_service.Ledger.Summarise().Refused, Contains.Key(FakeWebPush.Undecipherable));
    }

    [TestCase("ttl", null, 400)]
    [TestCase("ttl", "soon", 400)]
    [TestCase("topic", "with spaces", 400)]
    [TestCase("topic", "123456789012345678901234567890123", 400)]
    [TestCase("urgency", "at once", 400)]
    [TestCase("content-encoding", "aesgcm", 415)]
    [TestCase("content-encoding", null, 415)]
    public async Task A_wrong_header_is_refused(string name, string? value, int status)
    {
        var headers = GoodHeaders.Where(header => header.Name != name).Concat(value is null ? [] : [(name, value)]).ToArray();

        Assert.That((await PostAsync(_service.Subscribe(), [1], headers)).Status, Is.EqualTo(status));
    }

    [TestCase(PushServiceStyle.Rfc, TokenState.Unregistered, 410, "")]
    [TestCase(PushServiceStyle.Rfc, TokenState.Bad, 404, "")]
    [TestCase(PushServiceStyle.Rfc, TokenState.Throttled, 429, "")]
    [TestCase(PushServiceStyle.Mozilla, TokenState.Unregistered, 410, "\"errno\":106")]
    [TestCase(PushServiceStyle.Mozilla, TokenState.Foreign, 401, "\"errno\":109")]
    [TestCase(PushServiceStyle.Apple, TokenState.Unregistered, 410, "{\"reason\":\"Unregistered\"}")]
    [TestCase(PushServiceStyle.Apple, TokenState.Foreign, 400, "VapidPkHashMismatch")]
    [TestCase(PushServiceStyle.Google, TokenState.Foreign, 403, "do not correspond")]
    [TestCase(PushServiceStyle.Edge, TokenState.Throttled, 406, "")]
    [TestCase(PushServiceStyle.Ntfy, TokenState.Throttled, 429, "\"code\":42908")]
    public async Task A_subscription_that_is_not_well_is_refused_in_the_words_of_its_service(PushServiceStyle style, TokenState state, int status, string words)
    {
        var subscription = _service.Subscribe(style);
        _service.Tokens.Set(subscription.Endpoint.OriginalString, state);

        var answer = await PostAsync(subscription, [1]);

        Assert.That(answer.Status, Is.EqualTo(status));
        Assert.That(answer.Body, Does.Contain(words));
        Assert.That(answer.Headers.ContainsKey("retry-after"), Is.EqualTo(state == TokenState.Throttled));
    }

    [Test]
    public async Task More_than_4096_bytes_are_too_many_and_a_path_that_was_never_issued_is_unknown()
    {
        var subscription = _service.Subscribe();

        Assert.That((await PostAsync(subscription, new byte[4096])).Status, Is.EqualTo(201));
        Assert.That((await PostAsync(subscription, new byte[4097])).Status, Is.EqualTo(413));
        Assert.That((await _client.PostAsync("/push/never", "x", GoodHeaders)).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task The_control_endpoint_makes_a_device_as_a_browser_would()
    {
        using var http = new HttpMessageInvoker(new SocketsHttpHandler());
        using var order = new HttpRequestMessage(HttpMethod.Post, new Uri(_service.Control, "/subscriptions")) { Content = new StringContent("""{"style":"mozilla"}""") };
        using var response = await http.SendAsync(order, CancellationToken.None);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());

        Assert.That(json.RootElement.Text("endpoint"), Does.StartWith(_service.Endpoint.OriginalString + "/wpush/v2/"));
        Assert.That(Bytes(json.RootElement.GetProperty("keys").Text("p256dh")), Has.Length.EqualTo(65));
        Assert.That(Bytes(json.RootElement.GetProperty("keys").Text("auth")), Has.Length.EqualTo(16));
    }

    private Task<Answer> PostAsync(Subscription subscription, byte[] body, (string, string)[]? headers = null) =>
        _client.SendAsync("POST", subscription.Endpoint.PathAndQuery, body, headers ?? GoodHeaders);

    private static byte[] Bytes(string base64Url) => Base64Url.DecodeFromChars(base64Url);
}
