using Microsoft.AspNetCore.Builder;
using Senders.Tests.Harness;
using Sotto.FakeHms;
using Sotto.FakeProvider;
using static Senders.Tests.Answers.AnswerRow;

namespace Senders.Tests.Answers;

/// <summary>What Huawei can answer, and its token endpoint.</summary>
public sealed class HuaweiAnswersTests : AnswerTable
{
    private const string AppMayNotSend = "80300002";

    private static readonly AnswerRow[] Rows =
    [
        new("80000000", Code(200, "80000000", "Success"), Fate.Taken()),
        new("80100000 with the token", Partial("{token}"), Fate.Retired("80100000")),
        new("80100000 without the token", Partial("another"), Fate.Taken()),
        .. new[] { "80100001", "80100002", "80100003", "80100004", "80100013", "80100016", "80100018", "80300008", "80300010" }
            .Select(code => new AnswerRow(code, Code(400, code), Fate.DeadLetter("PAYLOAD_BAD", code))),
        new("80100017", Code(400, "80100017"), Fate.Held("throttled")) { Next = [] },
        .. new[] { "80200001", "80200003", "80200005" }.Select(code => new AnswerRow(code, Code(401, code) with { Count = 1 }, Fate.Taken())),
        // Said of the credentials as well as of a device of another app: three in a row are the credentials.
        Refuses("80200001 again and again", Code(401, "80200001"), "AUTH_REFRESH", "80200001"),
        // Of this one it may be the device: so the push waits by itself, and is not the one that asks after the pause.
        new(AppMayNotSend, Code(400, AppMayNotSend), Parked(AppMayNotSend)) { IsSaidOfAll = true, Next = [Parked(AppMayNotSend), Parked(AppMayNotSend), Fate.LeftAlone] },
        new("80300007", Code(400, "80300007"), Fate.Retired("80300007")),
        // Sent once more at once, with normal urgency.
        new("80300011", Code(400, "80300011") with { Count = 1 }, Fate.Taken()),
        new("80300013", Code(400, "80300013"), Fate.Held("credential")) { Next = [Fate.LeftAlone] },
        Later("80600003", Code(400, "80600003"), "80600003"),
        Later("81000001", Code(500, "81000001"), "81000001"),
        Later("99999999", Code(200, "99999999"), "99999999"),
        new("HTTP 400 without code", Says(400, ""), Fate.DeadLetter("PAYLOAD_BAD", "status 400")),
        new("HTTP 401 without code", SaysOnce(401, ""), Fate.Taken()),
        new("HTTP 404", Says(404, ""), Fate.Held("credential")) { Next = [Fate.LeftAlone] },
        .. new[] { 500, 502, 504 }.Select(status => Later($"HTTP {status}", Says(status, ""), $"status {status}")),
        new("HTTP 503", Says(503, ""), Fate.Held("throttled")) { Next = [] },
        .. new[] { 1101, 1102, 1104, 1105, 1107 }.Select(error => NoToken(400, OAuthError(error), $"error {error}", Fate.Held("credential"))),
        NoToken(200, OAuthError(1101), "error 1101 with a status of success", Fate.Held("credential")),
        NoToken(403, "", "blocked network", Fate.Held("credential")),
        .. new[] { 405, 500, 502, 504, 590 }.Select(status => NoToken(status, "", "later", Fate.Parked(10, "RETRY_LATER", $"access token: status {status}"))),
        NoToken(503, "", "flow control", Fate.Held("throttled")),
        NoToken(200, "{}", "no token in it", Fate.Parked(10, "RETRY_LATER", "access token: status 200")),
    ];

    private FakeHms _huawei = null!;
    private Dictionary<string, string> _settings = null!;

    public static IEnumerable<TestCaseData> Answers => Cases(Rows);

    protected override string ProviderName => Provider.Huawei;

    protected override string PageSection => "5.5";

    protected override IReadOnlyList<AnswerRow> Table => Rows;

    [TestCaseSource(nameof(Answers))]
    public Task Each_answer_of_Huawei_has_its_consequence(AnswerRow row) => BearsOutAsync(row);

    protected override WebApplication Build(string[] args) => HuaweiSender.Program.Build(args);

    protected override async Task PrepareAsync(SenderUnderTest sender)
    {
        _huawei = await FakeHms.StartAsync();
        sender.Use(_huawei);
        _settings = sender.Settings;
    }

    protected override ValueTask StopSimulatorsAsync() => _huawei.DisposeAsync();

    protected override void Serve(string app, AnswerRow row)
    {
        foreach (var setting in (string[])["AppId", "AppSecretFile"])
            _settings[$"Huawei:Apps:{app}:{setting}"] = _settings[$"Huawei:{setting}"];
        if (row.IsOfTokenEndpoint)
            _settings[$"Huawei:Apps:{app}:TokenEndpoint"] = _huawei.TokenEndpoint + TokenPathOf(app);
    }

    protected override ProviderSimulator SimulatorOf(AnswerRow row) => _huawei;

    protected override TestDevice NewDevice(AnswerRow row) => new(Providers.HmsToken());

    private static Fault Code(int status, string code, string message = "Something about it") =>
        Says(status, $$"""{"code":"{{code}}","msg":"{{message}}","requestId":"157466304904000004000701"}""");

    // The message of a partial success is JSON inside a JSON string.
    private static Fault Partial(string illegalToken) =>
        Code(200, "80100000", $$"""{\"success\":1,\"failure\":1,\"illegal_tokens\":[\"{{illegalToken}}\"]}""");

    private static string OAuthError(int error) => $$"""{"sub_error":20002,"error_description":"invalid something","error":{{error}}}""";

    private static AnswerRow Later(string words, Fault answer, string reason) => new(words, answer, Fate.Parked(10, "RETRY_LATER", reason));

    private static AnswerRow Refuses(string words, Fault answer, string outcome, string reason) => new(words, answer, Fate.Parked(120, outcome, reason))
    {
        IsSaidOfAll = true,
        Next = [Fate.Parked(120, outcome, reason), Fate.Held("credential")],
    };

    private static string Parked(string reason) => Fate.Parked(120, "CREDENTIAL_BAD", reason);

    private static AnswerRow NoToken(int status, string body, string why, string fate) =>
        new($"access token: {status}, {why}", Says(status, body), fate) { IsOfTokenEndpoint = true, Next = [] };
}
