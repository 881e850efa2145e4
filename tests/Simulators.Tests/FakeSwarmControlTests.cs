using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Sotto.FakeSwarm;
using Sotto.FakeSwarm.Control;
using Sotto.TestSupport;

namespace Simulators.Tests;

/// <summary>The control endpoint of the simulated network, and the program around it.</summary>
public sealed class FakeSwarmControlTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SwarmAccount _account = new("an account");
    private FakeSwarmNetwork _network = null!;
    private ControlServer _control = null!;
    private HttpMessageInvoker _http = null!;

    private string Account => Convert.ToHexStringLower(_account.Id);

    [SetUp]
    public async Task Start()
    {
        var options = new FakeSwarmOptions { Nodes = 4, Swarms = 2 };
        _network = await FakeSwarmNetwork.StartAsync(options);
        _control = await ControlServer.StartAsync(_network, options, port: 0);
        _http = new HttpMessageInvoker(new SocketsHttpHandler());
    }

    [TearDown]
    public async Task Stop()
    {
        _http.Dispose();
        await _control.DisposeAsync();
        await _network.DisposeAsync();
    }

    [Test]
    public async Task It_tells_who_monitors_an_account_and_stores_messages_for_it()
    {
        using var client = new SwarmClient(_network.MembersOf(_account.Id)[0]);
        await client.RequestAsync("monitor.messages", _account.Monitor(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), true, 0, 2));

        var monitored = await GetAsync("/monitored?account=" + Account);
        Assert.That(monitored.GetProperty("nodes").GetInt32(), Is.EqualTo(2));
        Assert.That(monitored.GetProperty("monitors")[0].GetProperty("routingId").GetString(), Is.EqualTo(client.RoutingId));
        Assert.That(monitored.GetProperty("monitors")[0].GetProperty("nodes").GetInt32(), Is.EqualTo(1));

        var stored = await PostAsync("/store", new { account = Account, @namespace = 2, data = "aGVsbG8=", ttlMilliseconds = 60_000 });
        Assert.That(stored.GetProperty("copies").GetInt32(), Is.EqualTo(1));
        var notification = await client.NotificationAsync();
        Assert.That(notification, Does.Contain(stored.GetProperty("hash").GetString()!).And.Contain("1:~5:hello"));

        var flood = await PostAsync("/flood", new { count = 20, rate = 1_000, accounts = new[] { Account }, size = 50, copiesPerMessage = 1 });
        Assert.That(flood.GetProperty("copies").GetInt32(), Is.EqualTo(20));
        await Eventually.BecomesTrueAsync(async () => (await GetAsync("/stats")).GetProperty("notificationsSent").GetInt32() == 21);
    }

    [Test]
    public async Task It_bends_nodes_and_swarms()
    {
        await PostAsync("/faults", new { kind = "drop", rate = 0.5 });
        await PostAsync("/faults", new { kind = "delay", node = 1, milliseconds = 50 });
        await PostAsync("/faults", new { kind = "hide-address", node = 2 });
        await PostAsync("/faults", new { kind = "down", node = 3 });
        var nodes = (await GetAsync("/state")).GetProperty("nodes").EnumerateArray().ToArray();
        Assert.That(nodes.Select(node => node.GetProperty("dropRate").GetDouble()), Is.All.EqualTo(0.5));
        Assert.That(nodes.Select(node => node.GetProperty("delayMilliseconds").GetDouble()), Is.EqualTo(new[] { 0.0, 50, 0, 0 }));
        Assert.That(nodes.Select(node => node.GetProperty("hasAddress").GetBoolean()), Is.EqualTo(new[] { true, true, false, true }));
        Assert.That(nodes.Select(node => node.GetProperty("isUp").GetBoolean()), Is.EqualTo(new[] { true, true, true, false }));

        var swarm = nodes[0].GetProperty("swarm").GetString();
        var half = (await PostAsync("/faults", new { kind = "split", swarm })).GetProperty("swarm").GetString();
        Assert.That((await GetAsync("/state")).GetProperty("swarms").GetArrayLength(), Is.EqualTo(3));
        await PostAsync("/faults", new { kind = "merge", swarm, from = half });
        await PostAsync("/faults", new { kind = "move", node = 0, swarm = "18446744073709551615" });
        await PostAsync("/faults", new { kind = "block" });
        Assert.That(_network.Height, Is.EqualTo(1_004));
        Assert.That(_network.Nodes[0].Swarm, Is.EqualTo(FakeSwarmNetwork.NoSwarm));

        await PostAsync("/faults", new { kind = "up", node = 3 });
        await PostAsync("/faults", new { kind = "restart" });
        await PostAsync("/faults", new { kind = "oxend-down" });
        await PostAsync("/faults", new { kind = "oxend-up" });
        Assert.That((await PostAsync("/faults", new { kind = "lie", lie = "cut-bencode", count = 2 })).GetProperty("told").GetInt32(), Is.Zero);
    }

    [TestCase("/store", """{"account":"05","namespace":0,"data":""}""")]
    [TestCase("/store", """{"account":5}""")]
    [TestCase("/store", "no json")]
    [TestCase("/flood", """{"count":1000000000,"rate":1,"accounts":[]}""")]
    [TestCase("/flood", """{"count":1,"rate":1}""")]
    [TestCase("/faults", """{"kind":"nosuch"}""")]
    [TestCase("/faults", """{"kind":"down","node":99}""")]
    [TestCase("/faults", """{"kind":"drop"}""")]
    [TestCase("/faults", """{"kind":"split","swarm":1}""")]
    [TestCase("/faults", """{"kind":"block","surprise":1}""")]
    public async Task What_cannot_be_meant_is_refused_with_a_sentence(string path, string body)
    {
        using var answer = await SendAsync(HttpMethod.Post, path, new StringContent(body));

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetString(), Is.Not.Empty);
    }

    [Test]
    public async Task What_is_not_there_is_not_found()
    {
        using var answer = await SendAsync(HttpMethod.Get, "/nosuch", null);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task The_program_prints_one_line_and_ends_when_told_to()
    {
        using var program = Start("--nodes", "3", "--swarms", "1", "--seed", "7");
        var ready = JsonElement.Parse((await program.StandardOutput.ReadLineAsync().WaitAsync(Patience))!);
        Assert.That(ready.GetProperty("nodes").GetInt32(), Is.EqualTo(3));

        using var oxend = new SwarmClient(ready.GetProperty("oxend").GetString()!, []);
        Assert.That(await oxend.RequestAsync("ping.ping"), Is.EqualTo(new[] { "pong" }));
        using var question = new HttpRequestMessage(HttpMethod.Get, ready.GetProperty("control").GetString() + "/state");
        using var state = await _http.SendAsync(question, CancellationToken.None);
        Assert.That(state.StatusCode, Is.EqualTo(HttpStatusCode.OK));

        using var kill = Process.Start("kill", ["-TERM", program.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await program.WaitForExitAsync().WaitAsync(Patience);
        Assert.That(program.ExitCode, Is.Zero);
    }

    [TestCase("--nosuch", "1")]
    [TestCase("--nodes", "many")]
    [TestCase("--nodes", "6000")]
    [TestCase("--nodes")]
    public async Task A_wrong_command_line_is_a_sentence_and_exit_2(params string[] arguments)
    {
        using var program = Start(arguments);
        var error = await program.StandardError.ReadToEndAsync().WaitAsync(Patience);
        await program.WaitForExitAsync().WaitAsync(Patience);

        Assert.That(program.ExitCode, Is.EqualTo(2));
        Assert.That(error, Does.Contain("FakeSwarm [--nodes 10]"));
    }

    private static Process Start(params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [typeof(FakeSwarmNetwork).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;

    private async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, null);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var answer = await SendAsync(HttpMethod.Post, path, JsonContent.Create(body));
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body) =>
        _http.SendAsync(new HttpRequestMessage(method, new Uri(_control.Endpoint, path)) { Content = body }, CancellationToken.None);
}
