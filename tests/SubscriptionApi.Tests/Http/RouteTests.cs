using System.Net.Http.Headers;
using System.Text;
using SubscriptionApi.Tests.Support;
using SubscriptionApi.Tests.Vectors;

namespace SubscriptionApi.Tests.Http;

public sealed class RouteTests
{
    private const int BodyBytesMax = 100_000;

    private ApiUnderTest _api = null!;

    [OneTimeSetUp]
    public async Task Start() => _api = await ApiUnderTest.StartedAsync(settings: "--Api:BodyTimeout=00:00:01");

    [OneTimeTearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [TestCase("GET", "/subscribe")]
    [TestCase("PUT", "/subscribe")]
    [TestCase("DELETE", "/unsubscribe")]
    [TestCase("HEAD", "/unsubscribe")]
    [TestCase("GET", "/oxen/v4/lsrpc")]
    public async Task A_wrong_method_is_405_and_names_the_right_ones(string method, string path)
    {
        using var response = await _api.SendAsync(new HttpMethod(method), path);

        Assert.That((int)response.StatusCode, Is.EqualTo(405));
        Assert.That(response.Content.Headers.Allow, Is.EquivalentTo(new[] { "OPTIONS", "POST" }));
    }

    [TestCase("/subscribe")]
    [TestCase("/unsubscribe")]
    [TestCase("/oxen/v4/lsrpc")]
    public async Task Options_are_told(string path)
    {
        using var response = await _api.SendAsync(HttpMethod.Options, path);

        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That(response.Content.Headers.Allow, Is.EquivalentTo(new[] { "OPTIONS", "POST" }));
    }

    [TestCase("GET", "/")]
    [TestCase("POST", "/")]
    [TestCase("POST", "/subscribe/")]
    [TestCase("POST", "/Subscribe")]
    [TestCase("POST", "/loki/v2/lsrpc")]
    [TestCase("GET", "/health/ready")]
    [TestCase("GET", "/metrics")]
    public async Task Everything_else_is_404(string method, string path)
    {
        using var response = await _api.SendAsync(new HttpMethod(method), path, method == "POST" ? new StringContent("{}") : null);

        Assert.That((int)response.StatusCode, Is.EqualTo(404));
    }

    [TestCase("/subscribe")]
    [TestCase("/unsubscribe")]
    public async Task A_body_of_100000_bytes_is_read_and_one_of_100001_is_refused(string path)
    {
        Expected.Error(4, await _api.PostAsync(path, "{}".PadRight(BodyBytesMax)));
        Expected.Error(1, await _api.PostAsync(path, "{}".PadRight(BodyBytesMax + 1)));
    }

    [Test]
    public async Task A_chunked_body_is_read_up_to_the_limit()
    {
        Expected.Error(4, await _api.PostAsync("/subscribe", Chunked("{}")));
        Expected.Error(4, await _api.PostAsync("/subscribe", Chunked("{}".PadRight(BodyBytesMax))));
        Expected.Error(1, await _api.PostAsync("/subscribe", Chunked("{}".PadRight(BodyBytesMax + 1))));
    }

    [Test]
    public async Task A_request_without_a_body_is_refused_with_error_1()
    {
        var answer = await RawHttp.ExchangeAsync(_api.Address, "POST /subscribe HTTP/1.1\r\nHost: sotto\r\n\r\n");

        Assert.That(answer, Does.StartWith("HTTP/1.1 200 "));
        Assert.That(answer, Does.Contain("application/json"));
        Assert.That(answer, Does.Contain("""{"error":1,"message":"Invalid request: request body missing"}"""));
    }

    [Test]
    public async Task The_content_type_of_a_request_does_not_matter([Values(null, "text/plain", "application/x-www-form-urlencoded", "application/octet-stream")] string? type)
    {
        var content = new ByteArrayContent("[]"u8.ToArray());
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);

        var answer = await _api.PostAsync("/subscribe", content);

        Assert.That(answer.GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task A_query_is_passed_over()
    {
        Expected.Error(4, await _api.PostAsync("/subscribe?a=b", "{}"));
    }

    [Test]
    public async Task A_body_that_does_not_come_is_given_up()
    {
        var answer = await RawHttp.ExchangeAsync(_api.Address, "POST /subscribe HTTP/1.1\r\nHost: sotto\r\nContent-Length: 10\r\n\r\n{}");

        Assert.That(answer, Is.Empty);
    }

    [Test]
    public async Task Malformed_chunks_are_400()
    {
        var answer = await RawHttp.ExchangeAsync(_api.Address, "POST /subscribe HTTP/1.1\r\nHost: sotto\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");

        Assert.That(answer, Does.StartWith("HTTP/1.1 400 "));
    }

    [Test]
    public async Task Health_and_metrics_answer_at_their_own_address()
    {
        var addresses = _api.Addresses;
        using var health = await _api.SendAsync(HttpMethod.Get, new Uri(addresses[0], "/health/ready").ToString());
        using var metrics = await _api.SendAsync(HttpMethod.Get, new Uri(addresses[0], "/metrics").ToString());

        Assert.That(await health.Content.ReadAsStringAsync(), Is.EqualTo("Healthy"));
        Assert.That(await metrics.Content.ReadAsStringAsync(), Does.Contain("sotto_outbox_backlog"));
    }

    private static UnknownLengthContent Chunked(string text) => new UnknownLengthContent(Encoding.UTF8.GetBytes(text));

    // A stream that cannot be measured is sent in chunks.
    private sealed class UnknownLengthContent(byte[] bytes) : StreamContent(new MemoryStream(bytes))
    {
        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
