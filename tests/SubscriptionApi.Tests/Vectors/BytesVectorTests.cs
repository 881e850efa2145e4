using System.Text.Json;
using System.Text.Json.Nodes;
using Sotto.FakePhone;
using Sotto.Sodium;
using SubscriptionApi.Tests.Support;

namespace SubscriptionApi.Tests.Vectors;

/// <summary>The spellings of bytes_encoding.json as envelope keys: what was stored opens to the bytes that the file gives.</summary>
[Category("vectors")]
public sealed class BytesVectorTests
{
    private const int EnvelopeKeySize = 32;

    private ApiUnderTest _api = null!;

    private static IEnumerable<TestCaseData> Cases => VectorFolder.Cases("session", "bytes_encoding.json", "cases");

    [OneTimeSetUp]
    public async Task Start() => _api = await ApiUnderTest.StartedAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [TestCaseSource(nameof(Cases))]
    public async Task A_spelling_is_read_as_the_reference_reads_it(VectorCase vector)
    {
        Assume.That(vector.Root.GetProperty("size").GetInt32(), Is.EqualTo(EnvelopeKeySize));
        var phone = FakePhone.Create();
        var request = phone.SubscribeRequest("apns", [0]);
        request["enc_key"] = vector.Json.Text("input");

        var answer = await _api.PostAsync("/subscribe", request.ToJsonString());

        if (vector.Json.Text("result") != "ok")
        {
            Expected.Error(4, answer);
            return;
        }

        Expected.Success("added", answer);
        var box = await _api.QueryAsync<byte[]>($"SELECT sealed_envelope_key FROM subscriptions WHERE account = '\\x{phone.Account.Hex}'");
        Assert.That(SealedBox.TryOpen(box, _api.Encryptor, out var key), Is.True);
        Assert.That(key, Is.EqualTo(vector.Json.Hex("hex")));
    }
}
