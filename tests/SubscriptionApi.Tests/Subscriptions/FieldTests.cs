using System.Text.Json.Nodes;
using Sotto.FakePhone;
using SubscriptionApi.Tests.Support;
using SubscriptionApi.Tests.Vectors;

namespace SubscriptionApi.Tests.Subscriptions;

public sealed class FieldTests
{
    private ApiUnderTest _api = null!;

    [OneTimeSetUp]
    public async Task Start() => _api = await ApiUnderTest.StartedAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [Test]
    public async Task Bytes_may_be_spelled_in_each_form([Values] ByteForm form)
    {
        var request = FakePhone.Create().SubscribeRequest("apns", [0]);
        foreach (var field in (string[])["pubkey", "session_ed25519", "signature", "enc_key"])
            request[field] = form.Write(Convert.FromHexString(request[field]!.GetValue<string>()));

        Expected.Success("added", await _api.PostAsync("/subscribe", request.ToJsonString()));
    }

    [TestCase("sig_ts", "true")]
    [TestCase("sig_ts", "null")]
    [TestCase("sig_ts", "9223372036854775808")]
    [TestCase("sig_ts", "-9223372036854775808")]
    [TestCase("sig_ts", "[1730156400]")]
    [TestCase("namespaces", "[0.0]")]
    [TestCase("namespaces", "[1e1]")]
    [TestCase("namespaces", "[true]")]
    [TestCase("namespaces", "[null]")]
    [TestCase("namespaces", "[32768]")]
    [TestCase("namespaces", "[-32769]")]
    [TestCase("namespaces", "[[0]]")]
    [TestCase("namespaces", "{}")]
    [TestCase("namespaces", "null")]
    [TestCase("namespaces", "[]")]
    [TestCase("namespaces", "[0,-1]")]
    [TestCase("data", "null")]
    [TestCase("data", "0")]
    [TestCase("data", "\"false\"")]
    [TestCase("pubkey", "null")]
    [TestCase("pubkey", "{}")]
    [TestCase("session_ed25519", "null")]
    [TestCase("signature", "5")]
    [TestCase("enc_key", "null")]
    [TestCase("enc_key", "[]")]
    [TestCase("service", "null")]
    [TestCase("service", "[\"apns\"]")]
    [TestCase("subaccount", "null")]
    [TestCase("subaccount", "\"\"")]
    public async Task A_value_of_the_wrong_kind_is_error_4(string field, string value)
    {
        var request = FakePhone.Create().SubscribeRequest("apns", [0]);
        request[field] = "@";

        Expected.Error(4, await _api.PostAsync("/subscribe", request.ToJsonString().Replace("\"@\"", value, StringComparison.Ordinal)));
    }

    [TestCase("{0}.0")]
    [TestCase("{0}.999")]
    [TestCase("{0}e0")]
    [TestCase("{0}000E-3")]
    public async Task A_time_may_be_written_with_a_fraction_or_an_exponent(string form)
    {
        var phone = FakePhone.Create();
        var request = phone.SubscribeRequest("apns", [0]);
        var signedAt = request["sig_ts"]!.GetValue<long>();
        request["sig_ts"] = "@";

        var body = request.ToJsonString().Replace("\"@\"", form.Replace("{0}", $"{signedAt}", StringComparison.Ordinal), StringComparison.Ordinal);

        Expected.Success("added", await _api.PostAsync("/subscribe", body));
        Assert.That(await _api.QueryAsync<long>($"SELECT signature_ts FROM subscriptions WHERE account = '\\x{phone.Account.Hex}'"), Is.EqualTo(signedAt));
    }

    [TestCase("APNS")]
    [TestCase("apns ")]
    [TestCase("")]
    [TestCase("encryptor")]
    [TestCase("../apns")]
    [TestCase("apns\u0000")]
    [TestCase("apns\"}")]
    [TestCase("a-name-that-is-longer-than-thirty-two-bytes")]
    public async Task A_service_that_nobody_can_have_is_error_2(string service)
    {
        var request = FakePhone.Create().SubscribeRequest("apns", [0]);
        request["service"] = service;

        Expected.Error(2, await _api.PostAsync("/subscribe", request.ToJsonString()));
    }

    [TestCase(-32768, -11, -1, 0, 1, 32767)]
    [TestCase(-11, 11, 12, 13, 14)]
    [TestCase(0)]
    public async Task Namespaces_may_be_negative_and_reach_both_ends(params int[] namespaces)
    {
        var phone = FakePhone.Create(SessionAccount.CreateGroup());

        Assert.That((await phone.SubscribeAsync(_api.Http, _api.Address, "apns", namespaces)).Added, Is.True);
        Assert.That(
            await _api.QueryAsync<short[]>($"SELECT namespaces FROM subscriptions WHERE account = '\\x{phone.Account.Hex}'"), Is.EqualTo(namespaces));
    }

    [Test]
    public async Task Of_a_field_given_twice_the_last_counts()
    {
        var good = FakePhone.Create().SubscribeRequest("apns", [0]).ToJsonString();

        Expected.Success("added", await _api.PostAsync("/subscribe", "{\"data\":7," + good[1..]));
        Expected.Error(4, await _api.PostAsync("/subscribe", good[..^1] + ",\"data\":7}"));
    }

    [Test]
    public async Task A_field_name_may_be_escaped()
    {
        var good = FakePhone.Create().SubscribeRequest("apns", [0]).ToJsonString();

        Expected.Success("added", await _api.PostAsync("/subscribe", good.Replace("\"data\"", "\"\\u0064ata\"", StringComparison.Ordinal)));
    }

    [Test]
    public async Task A_group_needs_no_session_key_and_does_not_look_at_one()
    {
        var phone = FakePhone.Create(SessionAccount.CreateGroup());
        var request = phone.SubscribeRequest("apns", [11]);
        request["session_ed25519"] = 5;

        Expected.Success("added", await _api.PostAsync("/subscribe", request.ToJsonString()));
        Assert.That(
            await _api.QueryAsync<bool>($"SELECT session_ed25519 IS NULL FROM subscriptions WHERE account = '\\x{phone.Account.Hex}'"), Is.True);
    }

    [Test]
    public async Task The_old_subkey_tag_is_passed_over([Values("null", "\"aa\"", "{}")] string value)
    {
        var request = FakePhone.Create().SubscribeRequest("apns", [0]);
        request["subkey_tag"] = JsonNode.Parse(value);

        Expected.Success("added", await _api.PostAsync("/subscribe", request.ToJsonString()));
    }
}
