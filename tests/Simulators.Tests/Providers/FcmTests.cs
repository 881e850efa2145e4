using System.Text.Json;
using NUnit.Framework;
using Sotto.FakeFcm;
using Sotto.FakeProvider;
using Sotto.TestSupport;

namespace Simulators.Tests.Providers;

/// <summary>What is sent to Google: the cases of <c>fcm-requests.json</c> and <c>fcm-errors.json</c>.</summary>
public sealed class FcmTests
{
    // Made once: RSA keys are slow.
    private static readonly ServiceAccount Account = ServiceAccount.Create("demo-project");

    private FakeFcm _google = null!;
    private ProviderClient _client = null!;
    private string _accessToken = "";

    public static IEnumerable<TestCaseData> Requests => VectorFolder.Cases("providers", "fcm-requests.json", "requests");

    public static IEnumerable<TestCaseData> SizeCases => VectorFolder.Cases("providers", "fcm-requests.json", "size_cases");

    public static IEnumerable<TestCaseData> ForbiddenData => VectorFolder.Cases("providers", "fcm-requests.json", "forbidden_data");

    public static IEnumerable<TestCaseData> TtlCases => VectorFolder.Cases("providers", "fcm-requests.json", "ttl_cases");

    public static IEnumerable<TestCaseData> Errors => VectorFolder.Cases("providers", "fcm-errors.json", "cases");

    [SetUp]
    public async Task StartGoogleAsync()
    {
        _google = await FakeFcm.StartAsync(new() { Account = Account });
        _client = ProviderClient.Http2(_google);
        _accessToken = await FcmSender.AccessTokenAsync(_client, _google);
    }

    [TearDown]
    public async Task StopGoogleAsync()
    {
        _client.Dispose();
        await _google.DisposeAsync();
    }

    [TestCaseSource(nameof(Requests))]
    public async Task A_request_is_taken_as_in_the_vectors(VectorCase vector)
    {
        var answer = await SendAsync(vector.Json.Text("body"));

        Assert.That(answer.Status, Is.EqualTo(vector.Json.GetProperty("response").GetProperty("status").GetInt32()), answer.Body);
        var isDryRun = answer.Body.Contains("fake_message_id", StringComparison.Ordinal);
        Assert.That(JsonDocument.Parse(answer.Body).RootElement.Text("name"), Does.StartWith("projects/demo-project/messages/"));
        Assert.That(isDryRun, Is.EqualTo(vector.Json.Text("body").Contains("\"validate_only\":true", StringComparison.Ordinal)));
        Assert.That(_google.Ledger.Accepted, Is.EqualTo(isDryRun ? 0 : 1));
    }

    [TestCaseSource(nameof(SizeCases))]
    public async Task Data_is_as_large_as_it_may_be(VectorCase vector)
    {
        var bytes = vector.Json.GetProperty("data_keys_and_values_utf8_bytes").GetInt32();
        var data = vector.Json.TryGetProperty("data", out var given)
            ? given.GetRawText()
            : $$"""{"enc_payload":"{{new string('A', bytes - "enc_payloadspns1".Length)}}","spns":"1"}""";

        var answer = await SendAsync(FcmSender.Message(data));

        var expected = vector.Json.GetProperty("accepted").GetBoolean() ? (200, null, null) : (400, (string?)"INVALID_ARGUMENT", (string?)"INVALID_ARGUMENT");
        Assert.That(FcmSender.Error(answer), Is.EqualTo(expected));
    }

    [TestCaseSource(nameof(ForbiddenData))]
    public async Task Forbidden_data_is_refused(VectorCase vector)
    {
        var data = vector.Json.TryGetProperty("data", out var texts) ? texts : vector.Json.GetProperty("data_not_string");

        var answer = await SendAsync(FcmSender.Message(data.GetRawText()));

        Assert.That((answer.Status, FcmSender.Error(answer).Status), Is.EqualTo((400, "INVALID_ARGUMENT")));
    }

    [TestCaseSource(nameof(TtlCases))]
    public async Task A_ttl_is_a_duration_of_at_most_28_days(VectorCase vector)
    {
        var answer = await SendAsync(FcmSender.Message("{}", $$""","android":{"ttl":{{vector.Json.GetProperty("ttl").GetRawText()}}}"""));

        Assert.That(answer.Status, Is.EqualTo(vector.Json.GetProperty("ok").GetBoolean() ? 200 : 400), answer.Body);
    }

    [TestCaseSource(nameof(Errors))]
    public async Task Each_answer_of_Google_can_be_scripted(VectorCase vector)
    {
        var status = vector.Json.GetProperty("status").GetInt32();
        var headers = vector.Json.TryGetProperty("headers", out var given)
            ? given.EnumerateObject().Where(header => header.Name != "content-type").ToDictionary(header => header.Name, header => header.Value.GetString()!, StringComparer.Ordinal)
            : [];
        _google.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = status, Body = vector.Json.TextOrNull("body") ?? "", Headers = headers });

        var answer = await SendAsync(FcmSender.Message("{}"));

        Assert.That((answer.Status, answer.Body), Is.EqualTo((status, vector.Json.TextOrNull("body") ?? "")));
        foreach (var (name, value) in headers)
            Assert.That(answer.Headers[name], Is.EqualTo(value));
    }

    [TestCase(TokenState.Unregistered, 404, "NOT_FOUND", "UNREGISTERED")]
    [TestCase(TokenState.Bad, 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")]
    [TestCase(TokenState.Foreign, 403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")]
    [TestCase(TokenState.Throttled, 429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")]
    public async Task Each_state_of_a_device_token_has_its_answer(TokenState state, int http, string status, string errorCode)
    {
        _google.Tokens.Set(FcmSender.Token, state);

        var answer = await SendAsync(FcmSender.Message("{}"));

        Assert.That(FcmSender.Error(answer), Is.EqualTo((http, status, errorCode)));
    }

    [TestCase("""{"message":{"data":{}}}""", "message", TestName = "No_recipient")]
    [TestCase("""{"message":{"token":"x","data":{}}}""", "message.token", TestName = "A_token_too_short")]
    [TestCase("""{"message":{"token":"x","topic":"y"}}""", "message", TestName = "Two_recipients")]
    [TestCase("""{"message":{"topic":"y","unknown":1}}""", "message", TestName = "An_unknown_field")]
    [TestCase("""{"message":{"topic":"y","android":{"priority":"urgent"}}}""", "message.android.priority", TestName = "An_unknown_priority")]
    [TestCase("[]", null, TestName = "A_list")]
    [TestCase("{", null, TestName = "Half_an_object")]
    [TestCase("", null, TestName = "Nothing")]
    public async Task A_body_that_is_wrong_is_an_invalid_argument(string body, string? field)
    {
        var answer = await SendAsync(body);

        Assert.That(FcmSender.Error(answer).Status, Is.EqualTo("INVALID_ARGUMENT"), answer.Body);
        if (field is not null)
            Assert.That(answer.Body, Does.Contain($"\"field\": \"{field}\""));
    }

    [Test]
    public async Task Names_may_be_written_in_camel_case()
    {
        var answer = await SendAsync("""{"validateOnly":false,"message":{"topic":"news","android":{"collapseKey":"sync","priority":"high"}}}""");

        Assert.That(answer.Status, Is.EqualTo(200), answer.Body);
    }

    [Test]
    public async Task A_message_to_a_topic_is_half_as_large()
    {
        var data = $$"""{"k":"{{new string('A', 2048)}}"}""";

        var answer = await SendAsync($$$"""{"message":{"topic":"news","data":{{{data}}}}}""");

        Assert.That(answer.Status, Is.EqualTo(400));
    }

    [Test]
    public async Task Another_project_is_not_found()
    {
        var answer = await _client.PostAsync("/v1/projects/other/messages:send", FcmSender.Message("{}"), ("authorization", "Bearer " + _accessToken));

        Assert.That(FcmSender.Error(answer), Is.EqualTo((404, "NOT_FOUND", (string?)null)));
    }

    [Test]
    public async Task An_access_token_ends_with_its_hour()
    {
        _google.Clock.Offset = TimeSpan.FromHours(1);

        var answer = await SendAsync(FcmSender.Message("{}"));

        Assert.That(FcmSender.Error(answer), Is.EqualTo((401, "UNAUTHENTICATED", (string?)null)));
        Assert.That(answer.Headers["www-authenticate"], Does.StartWith("Bearer realm="));
    }

    [Test]
    public async Task A_revoked_access_token_is_refused_and_a_new_one_taken()
    {
        _google.RevokeAccessTokens();

        var refused = await SendAsync(FcmSender.Message("{}"));
        _accessToken = await FcmSender.AccessTokenAsync(_client, _google);
        var taken = await SendAsync(FcmSender.Message("{}"));

        Assert.That((refused.Status, taken.Status), Is.EqualTo((401, 200)));
    }

    [Test]
    public async Task Above_the_quota_of_a_minute_it_says_when_to_come_again()
    {
        var clock = new ManualTimeProvider();
        await using var frugal = await FakeFcm.StartAsync(new() { Account = Account, QuotaPerMinute = 2, Clock = clock });
        using var sender = ProviderClient.Http1(frugal);
        var bearer = await FcmSender.AccessTokenAsync(sender, frugal);

        var answers = new List<Answer>();
        for (var i = 0; i < 3; i++)
            answers.Add(await FcmSender.SendAsync(sender, frugal, bearer, FcmSender.Message("{}")));
        clock.Advance(TimeSpan.FromMinutes(1));
        answers.Add(await FcmSender.SendAsync(sender, frugal, bearer, FcmSender.Message("{}")));

        Assert.That(answers.Select(answer => answer.Status), Is.EqualTo([200, 200, 429, 200]));
        Assert.That(answers[2].Headers["retry-after"], Is.EqualTo("60"));
    }

    [Test]
    public async Task An_account_without_the_permission_is_told_so()
    {
        await using var closed = await FakeFcm.StartAsync(new() { Account = Account, MaySend = false });
        using var sender = ProviderClient.Http2(closed);

        var answer = await FcmSender.SendAsync(sender, closed, await FcmSender.AccessTokenAsync(sender, closed), FcmSender.Message("{}"));

        Assert.That(FcmSender.Error(answer), Is.EqualTo((403, "PERMISSION_DENIED", (string?)null)));
    }

    private Task<Answer> SendAsync(string body) => FcmSender.SendAsync(_client, _google, _accessToken, body);
}
