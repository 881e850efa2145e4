using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sotto.FakePhone;
using SubscriptionApi.Tests.Support;
using SubscriptionApi.Tests.Vectors;

namespace SubscriptionApi.Tests.OnionRequests;

public sealed class OnionRequestTests
{
    private const int BodyBytesMax = 10_485_760;

    private ApiUnderTest _api = null!;

    [OneTimeSetUp]
    public async Task Start() => _api = await ApiUnderTest.StartedAsync(settings: ["--Onion:ConcurrentMax=2", "--Onion:LargeBodiesMax=1"]);

    [OneTimeTearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [Test]
    public async Task A_phone_subscribes_and_unsubscribes_through_an_onion([Values] OnionCipher cipher)
    {
        var phone = FakePhone.Create();
        var onion = new Route.Onion(_api.OnionPublicKey, cipher);

        Assert.That((await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0], via: onion)).Added, Is.True);
        Assert.That((await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0])).Updated, Is.True);
        Assert.That((await phone.UnsubscribeAsync(_api.Http, _api.Address, "apns", onion)).Removed, Is.True);
    }

    [Test]
    public async Task The_answer_says_what_it_is()
    {
        var inside = await AskAsync(V4Envelope.WriteRequest("POST", "/subscribe", "[]"u8));

        Assert.That(inside, Is.EqualTo("l62:{\"code\": 200, \"headers\": {\"content-type\": \"application/json\"}}2:[]e"));
    }

    [Test]
    public async Task The_outside_is_200_and_plain_bytes()
    {
        var letter = OnionLetter.Seal(_api.OnionPublicKey, OnionCipher.AesGcm, V4Envelope.WriteRequest("POST", "/subscribe", "[]"u8));
        using var response = await _api.SendAsync(HttpMethod.Post, "/oxen/v4/lsrpc", new ByteArrayContent(letter.Body));

        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That(response.Content.Headers.ContentType?.ToString(), Is.EqualTo("application/octet-stream"));
    }

    [TestCase("POST", "/subscribe?x=1", 200)]
    [TestCase("post", "/subscribe", 200)]
    [TestCase("POST", "/%73ubscribe", 200)]
    [TestCase("GET", "/subscribe", 405)]
    [TestCase("GET", "/unsubscribe", 405)]
    [TestCase("OPTIONS", "/subscribe", 200)]
    [TestCase("POST", "/", 404)]
    [TestCase("POST", "/subscribe/", 404)]
    [TestCase("POST", "/metrics", 404)]
    [TestCase("GET", "/health/ready", 404)]
    [TestCase("POST", "//subscribe", 404)]
    [TestCase("POST", "/subscribe%3Fx=1", 404)]
    public async Task The_inner_request_is_dispatched_to_the_same_routes(string method, string endpoint, int code)
    {
        var inside = await AskAsync(V4Envelope.WriteRequest(method, endpoint, "[]"u8));

        Assert.That(inside, Does.Contain($"\"code\": {code}"));
        Assert.That(inside, Does.Contain("content-type"));
    }

    [Test]
    public async Task A_wrong_method_inside_is_told_the_right_ones()
    {
        Assert.That(await AskAsync(V4Envelope.WriteRequest("GET", "/subscribe", "[]"u8)), Does.Contain("\"allow\": \"OPTIONS, POST\""));
    }

    [Test]
    public async Task An_onion_request_inside_an_onion_request_finds_no_route()
    {
        var inner = OnionLetter.Seal(_api.OnionPublicKey, OnionCipher.AesGcm, V4Envelope.WriteRequest("POST", "/subscribe", "[]"u8));

        Assert.That(await AskAsync(V4Envelope.WriteRequest("POST", "/oxen/v4/lsrpc", inner.Body)), Does.Contain("\"code\": 404"));
    }

    [Test]
    public async Task A_body_over_the_limit_inside_is_error_1()
    {
        var inside = await AskAsync(V4Envelope.WriteRequest("POST", "/subscribe", Encoding.ASCII.GetBytes("{}".PadRight(100_001))));

        Assert.That(inside, Does.Contain("\"code\": 200").And.Contain("\"error\":1"));
    }

    [Test]
    public async Task A_request_without_a_body_inside_is_error_1()
    {
        Assert.That(await AskAsync("l38:{\"method\":\"POST\",\"endpoint\":\"/subscribe\"}e".Replace("l38", "l41", StringComparison.Ordinal)), Does.Contain("\"error\":1"));
    }

    [Test]
    public async Task The_largest_body_is_read_and_a_larger_one_is_413()
    {
        Assert.That(await StatusAsync(new byte[BodyBytesMax]), Is.EqualTo(400));
        Assert.That(await StatusAsync(new byte[BodyBytesMax + 1]), Is.EqualTo(413));
    }

    [Test]
    public async Task A_large_request_is_opened_as_any_other()
    {
        var inside = await AskAsync(V4Envelope.WriteRequest("POST", "/subscribe", new byte[5_000_000]));

        Assert.That(inside, Does.Contain("\"error\":1"));
    }

    [Test]
    public async Task More_large_bodies_than_there_is_room_for_are_sent_away()
    {
        // One that never ends holds the only place.
        using var holding = new HeldBody(300_000);
        var held = _api.SendAsync(HttpMethod.Post, "/oxen/v4/lsrpc", holding);
        await holding.Sent;
        await Eventually.BecomesTrueAsync(async () => await StatusAsync(new byte[400_000]) == 503, what: "a second large body was sent away");

        Assert.That(await StatusAsync(new byte[200_000]), Is.EqualTo(400));
        holding.Finish();
        using var response = await held;
        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That(await StatusAsync(new byte[400_000]), Is.EqualTo(400));
    }

    [Test]
    public async Task More_requests_than_can_be_in_work_are_sent_away_after_a_while()
    {
        var before = _api.Providers.Asked;
        _api.Providers.Bend = _ => null;
        var onion = new Route.Onion(_api.OnionPublicKey);
        using var impatient = new CancellationTokenSource();
        var hanging = Enumerable.Range(0, 2).Select(_ => FakePhone.Create().SubscribeAsync(_api.Http, _api.Address, "apns", [0], via: onion, cancellationToken: impatient.Token)).ToList();
        await Eventually.BecomesTrueAsync(() => _api.Providers.Asked >= before + 2, what: "two requests were in work");

        var third = await FakePhone.Create().SubscribeAsync(_api.Http, _api.Address, "apns", [0], via: onion);

        Assert.That(third.Status, Is.EqualTo(503));
        _api.Providers.Bend = null;
        await impatient.CancelAsync();
        Assert.That(async () => await Task.WhenAll(hanging), Throws.InstanceOf<OperationCanceledException>());
        await Eventually.BecomesTrueAsync(
            async () => (await FakePhone.Create().SubscribeAsync(_api.Http, _api.Address, "apns", [0], via: onion)).Added, what: "there was room again");
    }

    private Task<string> AskAsync(string payload) => AskAsync(Encoding.Latin1.GetBytes(payload));

    private async Task<string> AskAsync(byte[] payload)
    {
        var letter = OnionLetter.Seal(_api.OnionPublicKey, OnionCipher.AesGcm, payload);
        using var response = await _api.SendAsync(HttpMethod.Post, "/oxen/v4/lsrpc", new ByteArrayContent(letter.Body));
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        return Encoding.UTF8.GetString(letter.Open(await response.Content.ReadAsByteArrayAsync()));
    }

    private async Task<int> StatusAsync(byte[] body)
    {
        using var response = await _api.SendAsync(HttpMethod.Post, "/oxen/v4/lsrpc", new ByteArrayContent(body));
        return (int)response.StatusCode;
    }

    // Sends so many bytes, and its last one only when told.
    private sealed class HeldBody(int bytes) : HttpContent
    {
        private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _finish = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Sent => _sent.Task;

        public void Finish() => _finish.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(new byte[bytes]);
            await stream.FlushAsync();
            _sent.TrySetResult();
            await _finish.Task;
            await stream.WriteAsync(new byte[1]);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes + 1;
            return true;
        }
    }
}
