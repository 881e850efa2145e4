using Microsoft.AspNetCore.Builder;
using Senders.Tests.Harness;
using Sotto.FakeApns;
using Sotto.FakeProvider;
using static Senders.Tests.Answers.AnswerRow;

namespace Senders.Tests.Answers;

/// <summary>What Apple can answer.</summary>
public sealed class ApnsAnswersTests : AnswerTable
{
    private static readonly DateTimeOffset DeathOf = DateTimeOffset.FromUnixTimeMilliseconds(1_699_999_000_000);

    private static readonly AnswerRow[] Rows =
    [
        new("200", SaysOnce(200, ""), Fate.Taken()),
        Guarded(400, "BadDeviceToken"),
        Guarded(400, "DeviceTokenNotForTopic"),
        .. new[] { "BadTopic", "MissingTopic", "TopicDisallowed" }.Select(reason => Stops(400, reason)),
        .. new[] { "BadCollapseId", "BadExpirationDate", "BadMessageId", "BadPriority", "DuplicateHeaders", "InvalidPushType", "MissingDeviceToken", "PayloadEmpty" }
            .Select(reason => Refused(400, reason)),
        new("400 IdleTimeout", Once(400, "IdleTimeout"), Fate.Taken(attempts: 2)),
        // Our short-lived token, or the connection that it was shown on, is replaced at once.
        new("403 ExpiredProviderToken", Once(403, "ExpiredProviderToken"), Fate.Taken()),
        new("403 UnrelatedKeyIdInToken", Once(403, "UnrelatedKeyIdInToken"), Fate.Taken()),
        new("403 ExpiredProviderToken again and again", Always(403, "ExpiredProviderToken"), AuthRefused) { IsSaidOfAll = true, Next = [AuthRefused, Fate.Held("credential")] },
        .. new[] { "InvalidProviderToken", "MissingProviderToken", "BadCertificate", "BadCertificateEnvironment", "BadEnvironmentKeyIdInToken", "BadEnvironmentKeyInToken", "Forbidden" }
            .Select(reason => Stops(403, reason)),
        Refused(404, "BadPath"),
        Refused(405, "MethodNotAllowed"),
        new("410 Unregistered", Gone("Unregistered"), Fate.Retired("Unregistered", DeathOf)),
        new("410 ExpiredToken", Gone("ExpiredToken"), Fate.Retired("ExpiredToken", DeathOf)),
        new("410 without a time", Always(410, "Unregistered"), Fate.Retired("Unregistered")),
        Refused(413, "PayloadTooLarge"),
        new("429 TooManyRequests", Always(429, "TooManyRequests"), Fate.Parked(60, "THROTTLED", "TooManyRequests")),
        new("429 TooManyProviderTokenUpdates", Always(429, "TooManyProviderTokenUpdates"), Fate.Held("throttled")) { Next = [Fate.LeftAlone] },
        new("500 InternalServerError", Always(500, "InternalServerError"), Fate.Parked(900, "RETRY_LATER", "InternalServerError")),
        new("503 ServiceUnavailable", Always(503, "ServiceUnavailable"), Fate.Parked(900, "RETRY_LATER", "ServiceUnavailable")),
        new("503 Shutdown", Once(503, "Shutdown"), Fate.Taken(attempts: 2)),
        Refused(400, "SomethingNew"),
    ];

    private FakeApns _apple = null!;

    public static IEnumerable<TestCaseData> Answers => Cases(Rows);

    protected override string ProviderName => Provider.Apns;

    protected override string PageSection => "3.5";

    protected override IReadOnlyList<AnswerRow> Table => Rows;

    private static string AuthRefused => Fate.Parked(120, "AUTH_REFRESH", "ExpiredProviderToken");

    [TestCaseSource(nameof(Answers))]
    public Task Each_answer_of_Apple_has_its_consequence(AnswerRow row) => BearsOutAsync(row);

    protected override WebApplication Build(string[] args) => ApnsSender.Program.Build(args);

    protected override async Task PrepareAsync(SenderUnderTest sender)
    {
        _apple = await FakeApns.StartAsync();
        sender.Use(_apple);
        _settings = sender.Settings;
    }

    protected override ValueTask StopSimulatorsAsync() => _apple.DisposeAsync();

    protected override void Serve(string app, AnswerRow row)
    {
        foreach (var setting in (string[])["Topic", "KeyFile", "KeyId", "TeamId"])
            _settings[$"Apns:Apps:{app}:{setting}"] = _settings[$"Apns:{setting}"];
    }

    protected override ProviderSimulator SimulatorOf(AnswerRow row) => _apple;

    protected override TestDevice NewDevice(AnswerRow row) => new(Providers.ApnsToken());

    private Dictionary<string, string> _settings = null!;

    private static Fault Always(int status, string reason) => Says(status, $$"""{"reason":"{{reason}}"}""");

    private static Fault Once(int status, string reason) => Always(status, reason) with { Count = 1 };

    private static Fault Gone(string reason) => Says(410, $$"""{"reason":"{{reason}}","timestamp":{{DeathOf.ToUnixTimeMilliseconds()}}}""");

    private static AnswerRow Guarded(int status, string reason) => new($"{status} {reason}", Always(status, reason), Fate.Retired(reason));

    private static AnswerRow Refused(int status, string reason) => new($"{status} {reason}", Always(status, reason), Fate.DeadLetter("PAYLOAD_BAD", reason));

    private static AnswerRow Stops(int status, string reason) => new($"{status} {reason}", Always(status, reason), Fate.Held("credential")) { Next = [Fate.LeftAlone] };
}
