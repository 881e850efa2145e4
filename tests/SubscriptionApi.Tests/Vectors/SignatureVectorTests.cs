using System.Text.Json;
using System.Text.Json.Nodes;
using SubscriptionApi.Tests.Support;

namespace SubscriptionApi.Tests.Vectors;

/// <summary>The cases of signatures.json as requests over HTTP, to a service whose clock stands where the file says.</summary>
[Category("vectors")]
public sealed class SignatureVectorTests
{
    private ApiUnderTest? _api;

    private static IEnumerable<TestCaseData> Cases => VectorFolder.Cases("session", "signatures.json", "cases");

    [OneTimeSetUp]
    public async Task Start()
    {
        if (VectorFolder.Load("session", "signatures.json") is { } file)
            _api = await ApiUnderTest.StartedAsync(SetClock.AtUnixSeconds(file.GetProperty("now").GetInt64()));
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_api is not null)
            await _api.DisposeAsync();
    }

    [TestCaseSource(nameof(Cases))]
    public async Task A_signed_request_is_judged_as_the_reference_judges_it(VectorCase vector)
    {
        var json = vector.Json;
        var subscribes = json.Text("kind") == "monitor";
        var request = JsonObject.Create(json.GetProperty("request_fields"))!;
        request["service"] = "apns";
        request["service_info"] = new JsonObject { ["token"] = new string('a', 64) };
        if (subscribes)
            request["enc_key"] = new string('b', 64);

        var answer = await _api!.PostAsync(subscribes ? "/subscribe" : "/unsubscribe", request.ToJsonString());

        if (json.Text("expect") == "ok")
            Assert.That(answer.TryGetProperty("success", out var success) && success.GetBoolean(), Is.True, $"{answer}");
        else
            Expected.Error(json.TryGetProperty("expect_error_code", out var code) ? code.GetInt32() : 4, answer);
    }
}
