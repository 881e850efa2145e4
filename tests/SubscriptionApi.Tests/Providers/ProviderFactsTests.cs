using System.Text;
using System.Text.Json;
using Sotto.FakePhone;
using SubscriptionApi.Tests.Support;

namespace SubscriptionApi.Tests.Providers;

/// <summary>What clients are told before they subscribe: the providers with a public key, each with the facts that the operator put beside it.</summary>
public sealed class ProviderFactsTests
{
    private ApiUnderTest _api = null!;

    [SetUp]
    public async Task Start() => _api = await ApiUnderTest.StartedAsync();

    [TearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [TestCase("GET")]
    [TestCase("POST")]
    public async Task Providers_are_listed_with_their_facts_and_without_the_encryptor(string method)
    {
        await File.WriteAllTextAsync(Path.Combine(_api.Keys, "apns.json"), """{"applicationServerKey":"BP4z"}""");
        await File.WriteAllTextAsync(Path.Combine(_api.Keys, "nobody.json"), "{}");

        var providers = await AskAsync(method);

        Assert.That(providers.GetProperty("apns").GetProperty("applicationServerKey").GetString(), Is.EqualTo("BP4z"));
        Assert.That(providers.EnumerateObject().Select(provider => provider.Name), Is.EquivalentTo(
            Directory.GetFiles(_api.Keys, "*.pub").Select(Path.GetFileNameWithoutExtension).Where(name => name != "encryptor")));
    }

    [TestCase("not json")]
    [TestCase("[1]")]
    [TestCase("")]
    public async Task Facts_that_cannot_be_read_are_no_facts(string content)
    {
        await File.WriteAllTextAsync(Path.Combine(_api.Keys, "apns.json"), content);

        Assert.That((await AskAsync("GET")).GetProperty("apns").EnumerateObject(), Is.Empty);
    }

    [Test]
    public async Task Facts_that_are_too_long_are_no_facts()
    {
        await File.WriteAllTextAsync(Path.Combine(_api.Keys, "apns.json"), $$"""{"a":"{{new string('x', 5000)}}"}""");

        Assert.That((await AskAsync("GET")).GetProperty("apns").EnumerateObject(), Is.Empty);
    }

    [Test]
    public async Task When_they_cannot_be_looked_up_an_onion_request_is_told_so_inside()
    {
        Directory.Move(_api.Keys, _api.Keys + ".away");
        try
        {
            var letter = OnionLetter.Seal(_api.OnionPublicKey, OnionCipher.AesGcm, V4Envelope.WriteRequest("GET", "/providers", []));
            using var response = await _api.SendAsync(HttpMethod.Post, "/oxen/v4/lsrpc", new ByteArrayContent(letter.Body));

            Assert.That((int)response.StatusCode, Is.EqualTo(200));
            Assert.That(Encoding.UTF8.GetString(letter.Open(await response.Content.ReadAsByteArrayAsync())), Does.Contain("\"code\": 500"));
        }
        finally
        {
            Directory.Move(_api.Keys + ".away", _api.Keys);
        }
    }

    private async Task<JsonElement> AskAsync(string method)
    {
        using var response = await _api.SendAsync(new HttpMethod(method), "/providers", method == "POST" ? new StringContent("") : null);
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return json.RootElement.Clone();
    }
}
