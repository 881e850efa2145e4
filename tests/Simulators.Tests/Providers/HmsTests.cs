using System.Text.Json;
using NUnit.Framework;
using Sotto.FakeHms;
using Sotto.FakeProvider;
using Sotto.TestSupport;

namespace Simulators.Tests.Providers;

/// <summary>What Huawei makes of a request: the cases of <c>hms.json</c>.</summary>
public sealed class HmsTests
{
    private const string GoodToken = "IQAAAACy0cEqf8MUWXB1PHYrTYaIJrZWCzyqa545qSP13eUxpNsnZgGGDDeXOm50Q";
    private const string BadToken = "IQAAAACyDEADDEADDEADDEADDEADDEADDEADDEADDEADDEADDEADDEADDEADDEADDEAD";

    private FakeHms _huawei = null!;
    private ProviderClient _client = null!;

    public static IEnumerable<TestCaseData> OauthErrors => VectorFolder.Cases("providers", "hms.json", "oauth_errors");

    public static IEnumerable<TestCaseData> SendResponses => VectorFolder.Cases("providers", "hms.json", "send_responses");

    public static IEnumerable<TestCaseData> TtlFormat => VectorFolder.Cases("providers", "hms.json", "ttl_format");

    public static IEnumerable<TestCaseData> WholeFile => VectorFolder.Cases("providers", "hms.json", "requests", root => [root]);

    [SetUp]
    public async Task StartHuaweiAsync()
    {
        _huawei = await FakeHms.StartAsync();
        _client = ProviderClient.Http1(_huawei);
    }

    [TearDown]
    public async Task StopHuaweiAsync()
    {
        _client.Dispose();
        await _huawei.DisposeAsync();
    }

    [TestCaseSource(nameof(WholeFile))]
    public async Task The_requests_of_the_vectors_are_taken(VectorCase vector)
    {
        var form = vector.Json.GetProperty("oauth_request").Text("body");
        await using var then = await FakeHms.StartAsync(new() { AppSecret = form[(form.LastIndexOf('=') + 1)..] });
        using var sender = ProviderClient.Http1(then);

        var granted = await sender.PostAsync("/oauth2/v3/token", form, ("content-type", "application/x-www-form-urlencoded;charset=utf-8"));
        var accessToken = JsonDocument.Parse(granted.Body).RootElement.Text("access_token");
        var sent = await SendAsync(sender, then, accessToken, vector.Json.GetProperty("send_request").Text("body"));

        Assert.That(granted.Body, Does.Contain("\\/"), "slashes are escaped");
        Assert.That((sent.Status, Code(sent)), Is.EqualTo((200, "80000000")));
        Assert.That(then.Ledger.Accepted, Is.EqualTo(1));
    }

    [TestCaseSource(nameof(OauthErrors))]
    public async Task Each_error_of_the_token_endpoint_can_be_scripted(VectorCase vector)
    {
        var (status, body) = (vector.Json.GetProperty("status").GetInt32(), vector.Json.Text("body"));
        _huawei.Faults.Add(new Fault { Kind = FaultKind.Answer, Path = "/oauth2/", Status = status, Body = body });

        var answer = await AskAsync("client_credentials", _huawei.AppId, _huawei.AppSecret);

        Assert.That((answer.Status, answer.Body), Is.EqualTo((status, body)));
    }

    [TestCaseSource(nameof(SendResponses))]
    public async Task Each_answer_of_Huawei_can_be_scripted(VectorCase vector)
    {
        var (status, body) = (vector.Json.GetProperty("http_status").GetInt32(), vector.Json.Text("body"));
        _huawei.Faults.Add(new Fault { Kind = FaultKind.Answer, Path = "/messages:send", Status = status, Body = body });

        var answer = await SendAsync(Message([GoodToken]));

        Assert.That((answer.Status, answer.Body), Is.EqualTo((status, body)));
    }

    [TestCaseSource(nameof(TtlFormat))]
    public async Task A_ttl_is_seconds_of_at_most_15_days(VectorCase vector)
    {
        var answer = await SendAsync(Message([GoodToken], $$""","android":{"ttl":"{{vector.Json.Text("v")}}"}"""));

        Assert.That(Code(answer), Is.EqualTo(vector.Json.GetProperty("ok").GetBoolean() ? "80000000" : "80100004"));
    }

    [TestCase("password", null, null, 1105)]
    [TestCase("client_credentials", "999", null, 1101)]
    [TestCase("client_credentials", null, "wrong", 1101)]
    [TestCase("client_credentials", null, "", 1102)]
    public async Task Wrong_credentials_have_their_error(string grantType, string? id, string? secret, int error)
    {
        var answer = await AskAsync(grantType, id ?? _huawei.AppId, secret ?? _huawei.AppSecret);

        Assert.That((answer.Status, JsonDocument.Parse(answer.Body).RootElement.GetProperty("error").GetInt32()), Is.EqualTo((400, error)));
    }

    [Test]
    public async Task A_secret_that_was_not_escaped_is_wrong()
    {
        var answer = await _client.PostAsync("/oauth2/v3/token", $"grant_type=client_credentials&client_id={_huawei.AppId}&client_secret={_huawei.AppSecret}");

        Assert.That(answer.Status, Is.EqualTo(400), "the plus in the secret is a space to a form");
    }

    [Test]
    public async Task Some_dead_tokens_make_the_answer_partial()
    {
        _huawei.Unregister(BadToken);

        var answer = await SendAsync(Message([GoodToken, BadToken]));

        Assert.That(Code(answer), Is.EqualTo("80100000"));
        var report = JsonDocument.Parse(JsonDocument.Parse(answer.Body).RootElement.Text("msg")).RootElement;
        Assert.That((report.GetProperty("success").GetInt32(), report.GetProperty("failure").GetInt32()), Is.EqualTo((1, 1)));
        Assert.That(report.GetProperty("illegal_tokens")[0].GetString(), Is.EqualTo(BadToken));
        Assert.That((_huawei.Ledger.Accepted, _huawei.Ledger.AcceptedFor(GoodToken), _huawei.Ledger.AcceptedFor(BadToken)), Is.EqualTo((1L, 1, 0)));
    }

    [Test]
    public async Task Only_dead_tokens_are_all_invalid()
    {
        _huawei.Unregister(BadToken);

        var answer = await SendAsync(Message([BadToken]));

        Assert.That(Code(answer), Is.EqualTo("80300007"));
    }

    [TestCase(1000, "80000000")]
    [TestCase(1001, "80300010")]
    [TestCase(0, "80300010")]
    public async Task A_message_goes_to_1_to_1000_devices(int tokens, string code)
    {
        var answer = await SendAsync(Message([.. Enumerable.Range(0, tokens).Select(i => $"{GoodToken}{i}")]));

        Assert.That(Code(answer), Is.EqualTo(code));
        Assert.That(_huawei.Ledger.Accepted, Is.EqualTo(code == "80000000" ? tokens : 0));
    }

    [TestCase(4096, "80000000")]
    [TestCase(4097, "80300008")]
    public async Task Tokens_do_not_count_in_the_size(int bytes, string code)
    {
        var empty = Message([GoodToken, GoodToken + "2"], data: "");
        var spare = bytes - (empty.Length - JsonSerializer.Serialize(new[] { GoodToken, GoodToken + "2" }).Length);

        var answer = await SendAsync(Message([GoodToken, GoodToken + "2"], data: new('A', spare)));

        Assert.That(Code(answer), Is.EqualTo(code));
    }

    [TestCase("""{"message":{"data":{"object":"not text"},"token":["0123456789abcdef"]}}""", "80100003")]
    [TestCase("""{"message":{"token":["0123456789abcdef"]}}""", "80100003")]
    [TestCase("""{"message":{"data":"x"}}""", "80300010")]
    [TestCase("""{"message":{"data":"x","token":"0123456789abcdef"}}""", "80300010")]
    [TestCase("""{"message":{"data":"x","token":["0123456789abcdef"],"topic":"t"}}""", "80100003")]
    [TestCase("""{"message":{"data":"x","token":["0123456789abcdef"],"android":{"collapse_key":101}}}""", "80100013")]
    [TestCase("""{"message":{"data":"x","token":["0123456789abcdef"],"android":{"urgency":"SOON"}}}""", "80100003")]
    [TestCase("not json", "80100003")]
    public async Task A_wrong_body_has_its_code(string body, string code)
    {
        var answer = await SendAsync(body);

        Assert.That(Code(answer), Is.EqualTo(code), answer.Body);
    }

    [Test]
    public async Task Access_tokens_are_told_apart()
    {
        var accessToken = await AccessTokenAsync();

        var none = await _client.PostAsync($"/v1/{_huawei.AppId}/messages:send", Message([GoodToken]));
        var foreign = await _client.PostAsync("/v1/999/messages:send", Message([GoodToken]), ("authorization", "Bearer " + accessToken));
        _huawei.Clock.Offset = TimeSpan.FromHours(1);
        var old = await SendAsync(_client, _huawei, accessToken, Message([GoodToken]));

        Assert.That((none.Status, Code(none)), Is.EqualTo((401, "80200001")));
        Assert.That(Code(foreign), Is.EqualTo("80200001"));
        Assert.That((old.Status, Code(old)), Is.EqualTo((401, "80200003")));
    }

    [Test]
    public async Task The_second_version_names_the_project()
    {
        await using var project = await FakeHms.StartAsync(new() { ProjectId = "736430079244" });
        using var sender = ProviderClient.Http1(project);
        var accessToken = await AccessTokenAsync(sender, project);

        var answer = await sender.PostAsync("/v2/736430079244/messages:send", Message([GoodToken]), ("authorization", "Bearer " + accessToken));

        Assert.That(Code(answer), Is.EqualTo("80000000"));
    }

    [Test]
    public async Task Another_path_is_not_there()
    {
        var answer = await _client.PostAsync("/v9/messages", "{}");

        Assert.That((answer.Status, answer.Body), Is.EqualTo((404, "")));
    }

    [Test]
    public async Task Above_its_rate_the_app_is_held_back()
    {
        await using var slow = await FakeHms.StartAsync(new() { Qps = 2, Clock = new ManualTimeProvider() });
        using var sender = ProviderClient.Http1(slow);
        var accessToken = await AccessTokenAsync(sender, slow);

        var statuses = new List<int>();
        for (var i = 0; i < 3; i++)
            statuses.Add((await SendAsync(sender, slow, accessToken, Message([GoodToken]))).Status);

        Assert.That(statuses, Is.EqualTo([200, 200, 503]));
    }

    [Test]
    public async Task More_than_a_thousand_access_tokens_in_five_minutes_are_refused()
    {
        for (var i = 0; i < 1000; i++)
            Assert.That((await AskAsync("client_credentials", _huawei.AppId, _huawei.AppSecret)).Status, Is.EqualTo(200));

        var refused = await AskAsync("client_credentials", _huawei.AppId, _huawei.AppSecret);
        _huawei.Clock.Offset = TimeSpan.FromMinutes(5);
        var later = await AskAsync("client_credentials", _huawei.AppId, _huawei.AppSecret);

        Assert.That((refused.Status, later.Status), Is.EqualTo((503, 200)));
    }

    [Test]
    public async Task Errors_may_come_with_200()
    {
        await using var polite = await FakeHms.StartAsync(new() { ErrorsAs200 = true, MayBeUrgent = false });
        using var sender = ProviderClient.Http1(polite);

        var answer = await SendAsync(sender, polite, await AccessTokenAsync(sender, polite), Message([GoodToken], ""","android":{"urgency":"HIGH"}"""));

        Assert.That((answer.Status, Code(answer)), Is.EqualTo((200, "80300011")));
    }

    private static string Message(IReadOnlyList<string> tokens, string more = "", string data = "x") =>
        $$$"""{"validate_only":false,"message":{"data":"{{{data}}}"{{{more}}},"token":{{{JsonSerializer.Serialize(tokens)}}}}}""";

    private static string Code(Answer answer) => JsonDocument.Parse(answer.Body).RootElement.Text("code");

    private static async Task<string> AccessTokenAsync(ProviderClient sender, FakeHms vendor)
    {
        var answer = await AskAsync(sender, "client_credentials", vendor.AppId, vendor.AppSecret);
        return JsonDocument.Parse(answer.Body).RootElement.Text("access_token");
    }

    private static Task<Answer> AskAsync(ProviderClient sender, string grantType, string id, string secret) =>
        sender.PostAsync("/oauth2/v3/token", $"grant_type={grantType}&client_id={id}&client_secret={Uri.EscapeDataString(secret)}", ("content-type", "application/x-www-form-urlencoded"));

    private static Task<Answer> SendAsync(ProviderClient sender, FakeHms vendor, string accessToken, string body) =>
        sender.PostAsync($"/v1/{vendor.AppId}/messages:send", body, ("authorization", "Bearer " + accessToken), ("content-type", "application/json;charset=UTF-8"));

    private Task<string> AccessTokenAsync() => AccessTokenAsync(_client, _huawei);

    private Task<Answer> AskAsync(string grantType, string id, string secret) => AskAsync(_client, grantType, id, secret);

    private async Task<Answer> SendAsync(string body) => await SendAsync(_client, _huawei, await AccessTokenAsync(), body);
}
