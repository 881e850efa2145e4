using System.Text.Json.Nodes;
using Sotto.FakePhone;
using SubscriptionApi.Tests.Support;
using SubscriptionApi.Tests.Vectors;

namespace SubscriptionApi.Tests.Subscriptions;

/// <summary>Session-v2 sections 2.4 and 2.5 number the checks; the first that fails decides the code, or where codes agree the sentence.</summary>
public sealed class OrderOfChecksTests
{
    // In the order of the checks. Each spoils a good request in one way.
    private static readonly (string Name, Action<JsonObject> Spoil, int Code, string Sentence)[] SubscribeFaults =
    [
        ("pubkey", request => request["pubkey"] = "05", 4, "pubkey"),
        ("session_ed25519", request => request.Remove("session_ed25519"), 4, "session_ed25519"),
        ("subaccount", request => request["subaccount"] = null, 4, "subaccount"),
        ("signature form", request => request["signature"] = "zz", 4, "'signature'"),
        ("key relation", request => request["session_ed25519"] = new string('1', 64), 4, "does not belong"),
        ("sig_ts type", request => request["sig_ts"] = "now", 4, "sig_ts"),
        ("service type", request => request["service"] = 7, 4, "'service'"),
        ("service_info", request => request.Remove("service_info"), 4, "service_info"),
        ("nobody serves it", request => request["service"] = "nobody", 2, "nobody"),
        ("enc_key", request => request["enc_key"] = "00", 4, "enc_key"),
        ("namespaces type", request => request["namespaces"] = 0, 4, "'namespaces'"),
        ("data type", request => request["data"] = 1, 4, "'data'"),
        ("namespaces order", request => request["namespaces"] = new JsonArray(2, 1), 4, "sorted"),
        ("namespaces twice", request => request["namespaces"] = new JsonArray(1, 1), 4, "duplicates"),
        ("sig_ts zero", request => request["sig_ts"] = 0, 4, "missing"),
        ("sig_ts old", request => request["sig_ts"] = 1, 4, "past"),
        ("signature", request => request["signature"] = new string('0', 128), 4, "verification failed"),
        ("token", request => request["service_info"] = new JsonObject(), 1, "token"),
    ];

    private static readonly (string Name, Action<JsonObject> Spoil, int Code, string Sentence)[] UnsubscribeFaults =
    [
        .. SubscribeFaults[..9],
        ("token", request => request["service_info"] = new JsonObject(), 1, "token"),
        ("sig_ts old", request => request["sig_ts"] = 1, 4, "An error occured"),
        ("signature", request => request["signature"] = new string('0', 128), 4, "verification failed"),
    ];

    private ApiUnderTest _api = null!;

    private static IEnumerable<TestCaseData> SubscribePairs => Pairs(SubscribeFaults);

    private static IEnumerable<TestCaseData> UnsubscribePairs => Pairs(UnsubscribeFaults);

    [OneTimeSetUp]
    public async Task Start() => _api = await ApiUnderTest.StartedAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [TestCaseSource(nameof(SubscribePairs))]
    public Task Of_two_faults_in_a_subscription_the_earlier_check_decides(int earlier, int later) =>
        DecidesAsync("/subscribe", FakePhone.Create(1).SubscribeRequest("apns", [0, 1]), SubscribeFaults[earlier], SubscribeFaults[later]);

    [TestCaseSource(nameof(UnsubscribePairs))]
    public Task Of_two_faults_in_an_unsubscription_the_earlier_check_decides(int earlier, int later) =>
        DecidesAsync("/unsubscribe", FakePhone.Create(1).UnsubscribeRequest("apns"), UnsubscribeFaults[earlier], UnsubscribeFaults[later]);

    private async Task DecidesAsync(
        string path, JsonObject request, (string Name, Action<JsonObject> Spoil, int Code, string Sentence) earlier, (string Name, Action<JsonObject> Spoil, int Code, string Sentence) later)
    {
        later.Spoil(request);
        earlier.Spoil(request);

        var answer = await _api.PostAsync(path, request.ToJsonString());

        Expected.Error(earlier.Code, answer);
        Assert.That(answer.Text("message"), Does.Contain(earlier.Sentence));
    }

    private static IEnumerable<TestCaseData> Pairs((string Name, Action<JsonObject> Spoil, int Code, string Sentence)[] faults) =>
        from earlier in Enumerable.Range(0, faults.Length)
        from later in Enumerable.Range(earlier, faults.Length - earlier)
        select new TestCaseData(earlier, later).SetArgDisplayNames(faults[earlier].Name, faults[later].Name);
}
