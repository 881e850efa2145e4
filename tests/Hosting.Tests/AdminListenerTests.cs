using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sotto.Hosting;
using Sotto.Hosting.Telemetry;
using Sotto.TestSupport;

namespace Hosting.Tests;

/// <summary>Health and metrics answer at their own address and nowhere else, and nothing else answers there.</summary>
public sealed class AdminListenerTests
{
    [TestCase("/health/live")]
    [TestCase("/health/ready")]
    [TestCase("/metrics")]
    public async Task Health_and_metrics_answer_at_the_admin_address_only(string path)
    {
        await using var service = await StartAsync();

        Assert.Multiple(async () =>
        {
            Assert.That((await GetAsync(service.Addresses[0], path)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That((await GetAsync(service.Addresses[1], path)).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        });
    }

    [TestCase("/subscribe")]
    [TestCase("/")]
    [TestCase("/health")]
    [TestCase("/metrics/../subscribe")]
    public async Task Nothing_else_answers_at_the_admin_address(string path)
    {
        await using var service = await StartAsync();

        Assert.That((await GetAsync(service.Addresses[0], path)).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task The_service_answers_at_its_own_address()
    {
        await using var service = await StartAsync();

        var answer = await GetAsync(service.Addresses[1], "/subscribe");

        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo("hello"));
    }

    [Test]
    public async Task Metrics_are_what_a_scraper_expects()
    {
        await using var service = await StartAsync();
        Metrics.Meter.CreateCounter<long>("sotto_test_scraped").Add(1);

        var answer = await GetAsync(service.Addresses[0], "/metrics");

        Assert.Multiple(async () =>
        {
            Assert.That(answer.Content.Headers.ContentType?.ToString(), Is.EqualTo(PrometheusText.ContentType));
            Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("sotto_test_scraped 1\n"));
        });
    }

    [Test]
    public async Task A_service_whose_database_is_away_lives_but_is_not_ready()
    {
        var database = new Npgsql.NpgsqlConnectionStringBuilder(await TestServers.CreateDatabaseAsync());
        await using var wire = new TcpProxy(database.Host!, database.Port);
        database.Port = wire.Port;
        await using var service = await TestService.StartAsync(
            builder => builder.AddDatabase("nothing", typeof(AdminListenerTests).Assembly), settings: $"ConnectionStrings:Postgres={database.ConnectionString}");
        Assert.That((await GetAsync(service.Addresses[0], "/health/ready")).StatusCode, Is.EqualTo(HttpStatusCode.OK));

        wire.Cut();

        Assert.Multiple(async () =>
        {
            Assert.That((await GetAsync(service.Addresses[0], "/health/ready")).StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That((await GetAsync(service.Addresses[0], "/health/live")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        });
        wire.Mend();
        await Eventually.BecomesTrueAsync(async () => (await GetAsync(service.Addresses[0], "/health/ready")).StatusCode == HttpStatusCode.OK);
    }

    private static Task<TestService> StartAsync() =>
        TestService.StartAsync(
            builder =>
            {
                builder.Services.AddRouting();
                builder.ListenAt("http://127.0.0.1:0", "Api:Urls", (_, _) => { });
            },
            app => app.MapGet("/subscribe", () => "hello"));

    private static async Task<HttpResponseMessage> GetAsync(Uri address, string path)
    {
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{address.GetLeftPart(UriPartial.Authority)}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        return await http.SendAsync(request, CancellationToken.None).WaitAsync(Eventually.Patience);
    }
}
