using Microsoft.AspNetCore.Builder;
using Senders.Tests.Harness;
using Sotto.FakeFcm;
using Sotto.FakeProvider;
using static Senders.Tests.Answers.AnswerRow;

namespace Senders.Tests.Answers;

/// <summary>What Google can answer, and its token endpoint.</summary>
public sealed class FcmAnswersTests : AnswerTable
{
    private const string NotAToken = "The registration token is not a valid FCM registration token";
    private const string FrontEndPage = "<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title></html>";

    private static readonly AnswerRow[] Rows =
    [
        new("404 UNREGISTERED (NOT_FOUND)", Error(404, "NOT_FOUND", FcmError("UNREGISTERED")), Fate.Retired("UNREGISTERED")),
        Stops("404 no FcmError", Error(404, "NOT_FOUND")),
        new("400 INVALID_ARGUMENT, by its text", Error(400, "INVALID_ARGUMENT", FcmError("INVALID_ARGUMENT"), NotAToken), Fate.Retired("INVALID_ARGUMENT")),
        new("400 INVALID_ARGUMENT, message.token", Error(400, "INVALID_ARGUMENT", $"{FcmError("INVALID_ARGUMENT")},{Violation("message.token")}"), Fate.Retired("INVALID_ARGUMENT")),
        new("400 INVALID_ARGUMENT, message.fid", Error(400, "INVALID_ARGUMENT", $"{FcmError("INVALID_ARGUMENT")},{Violation("message.fid")}"), Fate.Retired("INVALID_ARGUMENT")),
        new("400 other INVALID_ARGUMENT", Error(400, "INVALID_ARGUMENT", Violation("message.data[0].value")), Fate.DeadLetter("PAYLOAD_BAD", "INVALID_ARGUMENT")),
        new("400 SOMETHING_NEW", Error(400, "INVALID_ARGUMENT", FcmError("SOMETHING_NEW")), Fate.DeadLetter("PAYLOAD_BAD", "SOMETHING_NEW")),
        // Apple's and the browsers' side of the project; Android goes on.
        .. new[] { "THIRD_PARTY_AUTH_ERROR", "APNS_AUTH_ERROR" }.Select(code =>
            new AnswerRow($"401 {code}", Error(401, "UNAUTHENTICATED", FcmError(code)), Fate.Parked(120, "CREDENTIAL_BAD", code))),
        new("401 UNAUTHENTICATED", Error(401, "UNAUTHENTICATED") with { Count = 1 }, Fate.Taken()),
        new("401 UNAUTHENTICATED again and again", Error(401, "UNAUTHENTICATED"), AuthRefused) { IsSaidOfAll = true, Next = [AuthRefused, Fate.Held("credential")] },
        new("403 SENDER_ID_MISMATCH", Error(403, "PERMISSION_DENIED", FcmError("SENDER_ID_MISMATCH")), Fate.Retired("SENDER_ID_MISMATCH")),
        Stops("403 PERMISSION_DENIED", Error(403, "PERMISSION_DENIED")),
        new("429 QUOTA_EXCEEDED (RESOURCE_EXHAUSTED) of the project", Quota("project:demo", "30"), Fate.Held("throttled")) { Next = [Fate.LeftAlone] },
        new("429 QUOTA_EXCEEDED without a time", Error(429, "RESOURCE_EXHAUSTED", FcmError("QUOTA_EXCEEDED")), Fate.Held("throttled")) { Next = [Fate.LeftAlone] },
        new("429 QUOTA_EXCEEDED of a device", Quota("device", retryAfter: null), Fate.Parked(60, "THROTTLED", "QUOTA_EXCEEDED")),
        new("500 INTERNAL", Error(500, "INTERNAL", FcmError("INTERNAL")), Fate.Parked(10, "RETRY_LATER", "INTERNAL")),
        new("503 UNAVAILABLE", Error(503, "UNAVAILABLE", FcmError("UNAVAILABLE")) with { RetryAfter = "20" }, Fate.Parked(60, "RETRY_LATER", "UNAVAILABLE")),
        new("502, HTML", Says(502, FrontEndPage) with { ContentType = "text/html; charset=UTF-8" }, Fate.Parked(10, "RETRY_LATER", "status 502")),
        new("504", Says(504, ""), Fate.Parked(10, "RETRY_LATER", "status 504")),
        NoToken(400, "invalid_grant", "Invalid JWT Signature."),
        NoToken(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided."),
        NoToken(400, "invalid_request", "Missing required parameter: assertion"),
        NoToken(401, "invalid_client", "The OAuth client was not found."),
        TokenLater(429, """{"error":"rate_limit_exceeded"}"""),
        TokenLater(500, """{"error":"internal_failure"}"""),
        TokenLater(503, ""),
    ];

    private FakeFcm _google = null!;
    private Dictionary<string, string> _settings = null!;

    public static IEnumerable<TestCaseData> Answers => Cases(Rows);

    protected override string ProviderName => Provider.Firebase;

    protected override string PageSection => "4.4";

    protected override IReadOnlyList<AnswerRow> Table => Rows;

    private static string AuthRefused => Fate.Parked(120, "AUTH_REFRESH", "UNAUTHENTICATED");

    [TestCaseSource(nameof(Answers))]
    public Task Each_answer_of_Google_has_its_consequence(AnswerRow row) => BearsOutAsync(row);

    protected override WebApplication Build(string[] args) => FcmSender.Program.Build(args);

    protected override async Task PrepareAsync(SenderUnderTest sender)
    {
        _google = await FakeFcm.StartAsync();
        sender.Use(_google);
        _settings = sender.Settings;
    }

    protected override ValueTask StopSimulatorsAsync() => _google.DisposeAsync();

    protected override void Serve(string app, AnswerRow row)
    {
        _settings[$"Fcm:Apps:{app}:ServiceAccountFile"] = _settings["Fcm:ServiceAccountFile"];
        if (row.IsOfTokenEndpoint)
            _settings[$"Fcm:Apps:{app}:TokenEndpoint"] = _google.TokenEndpoint + TokenPathOf(app);
    }

    protected override ProviderSimulator SimulatorOf(AnswerRow row) => _google;

    protected override TestDevice NewDevice(AnswerRow row) => new(Providers.FcmToken());

    private static Fault Error(int status, string word, string? details = null, string message = "Something about it.")
    {
        var list = details is null ? "" : $",\"details\":[{details}]";
        return Says(status, $$$"""{"error":{"code":{{{status}}},"message":"{{{message}}}","status":"{{{word}}}"{{{list}}}}}""");
    }

    private static string FcmError(string code) => $$"""{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"{{code}}"}""";

    private static string Violation(string field) =>
        $$$"""{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"{{{field}}}","description":"Invalid value"}]}""";

    private static Fault Quota(string subject, string? retryAfter)
    {
        var failure = $$$"""{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"subject":"{{{subject}}}","description":"Send requests per minute"}]}""";
        return Error(429, "RESOURCE_EXHAUSTED", $"{FcmError("QUOTA_EXCEEDED")},{failure}") with { RetryAfter = retryAfter };
    }

    private static AnswerRow Stops(string words, Fault answer) => new(words, answer, Fate.Held("credential")) { Next = [Fate.LeftAlone] };

    private static AnswerRow NoToken(int status, string error, string description) =>
        new($"access token: {status} {error}", Says(status, $$"""{"error":"{{error}}","error_description":"{{description}}"}"""), Fate.Held("credential"))
        {
            IsOfTokenEndpoint = true,
            Next = [],
        };

    private static AnswerRow TokenLater(int status, string body) =>
        new($"access token: {status}", Says(status, body), Fate.Parked(10, "RETRY_LATER", $"access token: {(body.Length == 0 ? $"status {status}" : body.Split('"')[3])}"))
        {
            IsOfTokenEndpoint = true,
            Next = [],
        };
}
