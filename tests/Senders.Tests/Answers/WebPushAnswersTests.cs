using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Senders.Tests.Harness;
using Sotto.FakeProvider;
using Sotto.FakeWebPush;
using static Senders.Tests.Answers.AnswerRow;

namespace Senders.Tests.Answers;

/// <summary>What a push service can answer. Each row has a service of its own: what one of them says is nothing to the others.</summary>
public sealed class WebPushAnswersTests : AnswerTable
{
    private const string OtherKey = "the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.";
    private const string NoSubscriber = """{"code":50701,"http":507,"error":"cannot publish to UnifiedPush topic without previously active subscriber"}""";

    private static readonly AnswerRow[] Rows =
    [
        .. new[] { 200, 201, 202, 204 }.Select(status => new AnswerRow($"{status}", Says(status, ""), Fate.Taken())),
        .. new[] { 301, 302, 307, 308 }.Select(status => new AnswerRow(
            $"{status}", Says(status, "") with { Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Location"] = "http://169.254.169.254/" } },
            Fate.Parked(10, "RETRY_LATER", $"redirect {status}"))),
        new("400", Says(400, """{"code":400,"errno":111,"error":"Bad Request","message":"Missing TTL value"}"""), Fate.DeadLetter("PAYLOAD_BAD", "400 errno 111")),
        new("400 VapidPkHashMismatch", Says(400, """{"reason":"VapidPkHashMismatch"}"""), Fate.Retired("400 VAPID key mismatch")),
        Refuses("401", Says(401, """{"code":401,"errno":109,"error":"Unauthorized","message":"Invalid Authentication"}"""), "401 errno 109"),
        Refuses("403", Says(403, """{"reason":"BadJwtToken"}"""), "403 BadJwtToken"),
        new("403 of another key", Says(403, OtherKey), Fate.Retired("403 VAPID key mismatch")),
        new("404", Says(404, ""), Fate.Retired("status 404")),
        new("410", Says(410, ""), Fate.Retired("status 410")),
        new("410 with a page", Says(410, "<html></html>"), Fate.Parked(900, "RETRY_LATER", "said once: status 410")),
        .. new[] { 405, 413, 415 }.Select(status => new AnswerRow($"{status}", Says(status, ""), Fate.DeadLetter("PAYLOAD_BAD", $"status {status}"))),
        new("406", Says(406, "", retryAfter: "900"), Fate.Postponed(1800)) { Next = [Fate.LeftAlone] },
        new("429", Says(429, "", retryAfter: "200"), Fate.Postponed(300)) { Next = [Fate.LeftAlone] },
        .. new[] { 500, 502, 504 }.Select(status => new AnswerRow($"{status}", Says(status, ""), Fate.Parked(10, "RETRY_LATER", $"status {status}"))),
        new("503", Says(503, "", retryAfter: "30"), Fate.Parked(60, "RETRY_LATER", "status 503")),
        new("507", Says(507, NoSubscriber), Fate.Parked(1800, "RETRY_LATER", "507 code 50701")),
    ];

    private readonly Dictionary<string, FakeWebPush> _services = new(StringComparer.Ordinal);
    private readonly TestAuthority _authority = TestAuthority.Create();

    public static IEnumerable<TestCaseData> Answers => Cases(Rows);

    protected override string ProviderName => Provider.WebPush;

    protected override string PageSection => "7.4";

    protected override IReadOnlyList<AnswerRow> Table => Rows;

    protected override bool NamesApps => false;

    [TestCaseSource(nameof(Answers))]
    public Task Each_answer_of_a_push_service_has_its_consequence(AnswerRow row) => BearsOutAsync(row);

    protected override WebApplication Build(string[] args) => WebPushSender.Program.Build(args);

    protected override async Task PrepareAsync(SenderUnderTest sender)
    {
        foreach (var row in Rows)
            _services[row.Words] = await FakeWebPush.StartAsync(new FakeWebPushOptions { Authority = _authority });
        sender.Use([.. _services.Values]);
        sender.Settings["WebPush:CredentialPauseSeconds"] = "300";
    }

    protected override async ValueTask StopSimulatorsAsync()
    {
        foreach (var service in _services.Values)
            await service.DisposeAsync();
        _authority.Dispose();
    }

    protected override void Serve(string app, AnswerRow row) => throw new InvalidOperationException("Apps have no names here.");

    protected override ProviderSimulator SimulatorOf(AnswerRow row) => _services[row.Words];

    protected override TestDevice NewDevice(AnswerRow row) => Providers.DeviceOf(_services[row.Words].Subscribe(PushServiceStyle.Rfc, Providers.VapidPublicKey));

    private static AnswerRow Refuses(string words, Fault answer, string reason) => new(words, answer, Fate.Parked(120, "CREDENTIAL_BAD", reason)) { Next = [Fate.LeftAlone] };
}
