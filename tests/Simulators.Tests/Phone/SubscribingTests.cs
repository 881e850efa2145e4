using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;
using Sotto.FakePhone;
using Sotto.OnionRequests;

namespace Simulators.Tests.Phone;

/// <summary>A phone's requests over real HTTP, its onions opened by the code that the services use: two authors, one wire.</summary>
public sealed class SubscribingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private OnionKey _key = null!;
    private WebApplication _server = null!;
    private HttpMessageInvoker _http = null!;
    private Uri _api = null!;
    private (string Path, JsonElement Body) _received;

    public static IEnumerable<Func<ReadOnlyMemory<byte>, Route>> Routes =>
    [
        _ => new Route.Plain(),
        key => new Route.Onion(key),
        key => new Route.Onion(key, OnionCipher.XChaCha20),
    ];

    [SetUp]
    public async Task StartServerAsync()
    {
        _key = OnionKey.FromPrivateKey(Enumerable.Repeat((byte)9, 32).ToArray());
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.Run(AnswerAsync);
        await _server.StartAsync();
        (_http, _api) = (new(new SocketsHttpHandler()), new(_server.Urls.Single()));
    }

    [TearDown]
    public async Task StopServerAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        _key.Dispose();
    }

    [TestCaseSource(nameof(Routes))]
    public async Task A_subscription_arrives_whole_and_its_answer_is_read(Func<ReadOnlyMemory<byte>, Route> route)
    {
        var phone = FakePhone.Create(1);

        var answer = await phone.SubscribeAsync(_http, _api, "apns", [0, 2], wantData: true, route(_key.PublicKey)).WaitAsync(Patience);

        Assert.That((answer.Status, answer.Success, answer.Added, answer.Updated, answer.Error), Is.EqualTo((200, true, true, false, (int?)null)));
        Assert.That(_received.Path, Is.EqualTo("/subscribe"));
        Assert.That(_received.Body.GetProperty("pubkey").GetString(), Is.EqualTo(phone.Account.Hex));
        Assert.That(_received.Body.GetProperty("service_info").GetProperty("token").GetString(), Is.EqualTo(phone.TokenFor("apns")));
        Assert.That(_received.Body.GetProperty("namespaces").GetRawText(), Is.EqualTo("[0,2]"));
    }

    [TestCaseSource(nameof(Routes))]
    public async Task An_unsubscription_arrives_whole(Func<ReadOnlyMemory<byte>, Route> route)
    {
        await FakePhone.Create(1).UnsubscribeAsync(_http, _api, "huawei", route(_key.PublicKey)).WaitAsync(Patience);

        Assert.That(_received.Path, Is.EqualTo("/unsubscribe"));
        Assert.That(_received.Body.EnumerateObject().Select(field => field.Name), Is.EquivalentTo(["pubkey", "session_ed25519", "sig_ts", "signature", "service", "service_info"]));
    }

    [Test]
    public async Task A_list_is_posted_as_a_list()
    {
        var phone = FakePhone.Create(1);
        var list = new JsonArray(phone.SubscribeRequest("apns", [0]), phone.With(SessionAccount.CreateGroup(2)).SubscribeRequest("apns", [-11, 11]));

        await SubscriptionApi.PostAsync(_http, _api, SubscriptionApi.SubscribePath, list).WaitAsync(Patience);

        Assert.That(_received.Body.GetArrayLength(), Is.EqualTo(2));
        Assert.That(_received.Body[1].TryGetProperty("session_ed25519", out _), Is.False, "a group has none");
    }

    [Test]
    public async Task An_onion_for_another_server_is_refused()
    {
        var stranger = new byte[32];
        Sotto.Sodium.X25519.PublicKey(Enumerable.Repeat((byte)8, 32).ToArray(), stranger);

        var answer = await FakePhone.Create(1).SubscribeAsync(_http, _api, "apns", [0], via: new Route.Onion(stranger)).WaitAsync(Patience);

        Assert.That((answer.Status, answer.Success), Is.EqualTo((400, false)));
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        if (context.Request.Path != "/oxen/v4/lsrpc")
        {
            await context.Response.Body.WriteAsync(Answer(context.Request.Path.Value!, body.ToArray()));
            return;
        }

        if (!OnionRequest.TryOpen(_key, body.ToArray(), out var payload, out var reply) || !V4Request.TryParse(payload, out var inner))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var answer = V4Response.Write(200, [new("content-type", "application/json")], Answer(inner.Endpoint, inner.Body.ToArray()));
        await context.Response.Body.WriteAsync(reply.Seal(answer));
    }

    private byte[] Answer(string path, byte[] body)
    {
        _received = (path, JsonDocument.Parse(body).RootElement);
        return """{"added":true,"message":"Subscription successful","success":true}"""u8.ToArray();
    }
}
