using System.Text.Json;
using SubscriptionApi.Tests.Support;

namespace SubscriptionApi.Tests.Vectors;

/// <summary>The calls of api_validation.json are made in order against one fresh service; each case then looks at its own answer.</summary>
[Category("vectors")]
public sealed class ApiValidationVectorTests
{
    private const string TooLargeBody = "<100001 bytes>";

    private readonly List<JsonElement> _answers = [];

    private static IEnumerable<TestCaseData> Calls => VectorFolder.Cases("session", "api_validation.json", "cases");

    private static IEnumerable<TestCaseData> NumberedCalls => Calls.Select((call, number) => new TestCaseData(number, call.Arguments[0]).SetArgDisplayNames($"{call.Arguments[0]}"));

    [OneTimeSetUp]
    public async Task Make_the_calls()
    {
        if (VectorFolder.Load("session", "api_validation.json") is not { } file)
            return;
        await using var api = await ApiUnderTest.StartedAsync(SetClock.AtUnixSeconds(file.GetProperty("now").GetInt64()));
        foreach (var call in file.GetProperty("cases").EnumerateArray())
        {
            var body = call.Text("body");
            _answers.Add(await api.PostAsync(call.Text("path"), body == TooLargeBody ? new string(' ', 100_001) : body));
        }
    }

    [TestCaseSource(nameof(NumberedCalls))]
    public void A_call_is_answered_as_the_reference_answers_it(int number, VectorCase vector) =>
        Expected.Answer(vector.Json.GetProperty("expect"), _answers[number]);
}
