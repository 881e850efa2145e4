using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Sotto.FakePhone;
using SubscriptionApi.Tests.Support;
using SubscriptionApi.Tests.Vectors;

namespace SubscriptionApi.Tests.Subscriptions;

/// <summary>Whatever comes in, JSON comes out, with a code that clients know, and nothing half-stored.</summary>
public sealed class MutationTests
{
    private static readonly Config Bounded = Config.QuickThrowOnFailure.WithMaxTest(300);

    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "1.5", "1e400", "9223372036854775807", "99999999999999999999", "\"\"", "\"x\"", "[]", "[[]]", "{}", "[0]", "[0,0]",
        "{\"token\":5}", "{\"token\":\"\"}", "\"\\u0000\"", "\"\\ud800\"", "\"\u00e9\"", "\"apns\"", "\"firebase\"", "\"nobody\"",
    ];

    private ApiUnderTest _api = null!;

    [OneTimeSetUp]
    public async Task Start() => _api = await ApiUnderTest.StartedAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [Test]
    public void A_request_with_fields_replaced_or_removed_is_answered([Values("/subscribe", "/unsubscribe")] string path)
    {
        var mutation =
            from field in Gen.Elements("pubkey", "session_ed25519", "subaccount", "subaccount_sig", "namespaces", "data", "sig_ts", "signature", "service", "service_info", "enc_key")
            from value in Gen.Elements<string?>([null, .. Values])
            select (field, value);
        Prop.ForAll(mutation.NonEmptyListOf().ToArbitrary(), mutations =>
        {
            var request = (JsonObject)(path == "/subscribe" ? FakePhone.Create(1).SubscribeRequest("apns", [0]) : FakePhone.Create(1).UnsubscribeRequest("apns"));
            foreach (var (field, value) in mutations.Take(3))
            {
                request.Remove(field);
                if (value is not null)
                    request[field] = $"@{Convert.ToHexString(Encoding.UTF8.GetBytes(value))}@";
            }

            var body = Values.Aggregate(request.ToJsonString(), (text, value) =>
                text.Replace($"\"@{Convert.ToHexString(Encoding.UTF8.GetBytes(value))}@\"", value, StringComparison.Ordinal));
            IsAnswered(path, Encoding.UTF8.GetBytes(body));
        }).Check(Bounded);
    }

    [Test]
    public void A_request_with_bytes_changed_is_answered([Values("/subscribe", "/unsubscribe")] string path)
    {
        var good = Encoding.UTF8.GetBytes(new JsonArray(FakePhone.Create(2).SubscribeRequest("apns", [0]), FakePhone.Create(3).UnsubscribeRequest("firebase")).ToJsonString());
        var change = from at in Gen.Choose(0, good.Length - 1) from to in Gen.Choose(0, 255) select (at, (byte)to);
        Prop.ForAll(change.NonEmptyListOf().ToArbitrary(), changes =>
        {
            var body = good.ToArray();
            foreach (var (at, to) in changes.Take(4))
                body[at] = to;
            IsAnswered(path, body);
        }).Check(Bounded);
    }

    [Test]
    public void Any_bytes_at_all_are_answered([Values("/subscribe", "/unsubscribe")] string path) =>
        Prop.ForAll<byte[]>(body => IsAnswered(path, body)).Check(Bounded);

    [Test]
    public void Any_bytes_at_all_are_answered_as_an_onion_request()
    {
        var letter = OnionLetter.Seal(_api.OnionPublicKey, OnionCipher.AesGcm, V4Envelope.WriteRequest("POST", "/subscribe", "{}"u8));
        var change = from at in Gen.Choose(0, letter.Body.Length - 1) from to in Gen.Choose(0, 255) select (at, (byte)to);
        Prop.ForAll(change.ToArbitrary(), it =>
        {
            var body = letter.Body.ToArray();
            body[it.at] = it.Item2;
            using var response = _api.SendAsync(HttpMethod.Post, "/oxen/v4/lsrpc", new ByteArrayContent(body)).GetAwaiter().GetResult();
            Assert.That((int)response.StatusCode, Is.EqualTo(200).Or.EqualTo(400));
        }).Check(Bounded);
        Prop.ForAll<byte[]>(payload =>
        {
            var sealedLetter = OnionLetter.Seal(_api.OnionPublicKey, OnionCipher.XChaCha20, payload);
            using var response = _api.SendAsync(HttpMethod.Post, "/oxen/v4/lsrpc", new ByteArrayContent(sealedLetter.Body)).GetAwaiter().GetResult();
            var (code, _) = V4Envelope.ReadResponse(sealedLetter.Open(response.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult()));
            Assert.That(code, Is.EqualTo(400));
        }).Check(Bounded);
    }

    private void IsAnswered(string path, byte[] body)
    {
        var answer = _api.PostAsync(path, new ByteArrayContent(body)).GetAwaiter().GetResult();
        if (answer.ValueKind != JsonValueKind.Array)
            IsAnAnswer(answer);
        else
            foreach (var item in answer.EnumerateArray())
                IsAnAnswer(item);
    }

    private static void IsAnAnswer(JsonElement answer)
    {
        if (answer.TryGetProperty("error", out var code))
            Expected.Error(code.GetInt32() is 1 or 2 or 4 ? code.GetInt32() : -1, answer);
        else
            Assert.That(answer.GetProperty("success").GetBoolean(), Is.True);
    }
}
