using System.Net.Sockets;
using System.Text;
using SubscriptionApi.Tests.Support;

namespace SubscriptionApi.Tests.Ingress;

/// <summary>Clients that take their time, or too many connections: each is given up, and others are served meanwhile.</summary>
public sealed class SlowClientTests
{
    private ApiUnderTest _api = null!;

    [OneTimeSetUp]
    public async Task Start() => _api = await ApiUnderTest.StartedAsync(settings:
    [
        "--Api:HeadersTimeout=00:00:01", "--Api:BodyTimeout=00:00:02", "--Api:KeepAliveTimeout=00:00:01", "--Api:ConnectionsMax=40", "--Ingress:ClientConnectionsMax=3",
        "--Ingress:UnlimitedNetworks=",
    ]);

    [OneTimeTearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [Test]
    public async Task Headers_that_do_not_end_are_given_up()
    {
        using var slow = await ConnectAsync();
        await SendAsync(slow, "POST /subscribe HTTP/1.1\r\nHost: sotto\r\nX-A: ");

        Assert.That(await EndsAsync(slow, drip: "a"), Does.StartWith("HTTP/1.1 408 ").Or.Empty);
    }

    [Test]
    public async Task A_body_that_drips_is_given_up([Values("/subscribe", "/oxen/v4/lsrpc")] string path)
    {
        using var slow = await ConnectAsync();
        await SendAsync(slow, $"POST {path} HTTP/1.1\r\nHost: sotto\r\nContent-Length: 90000\r\n\r\n");

        Assert.That(await EndsAsync(slow, drip: " "), Does.StartWith("HTTP/1.1 408 ").Or.Empty);
    }

    [Test]
    public async Task Chunks_that_drip_are_given_up()
    {
        using var slow = await ConnectAsync();
        await SendAsync(slow, "POST /subscribe HTTP/1.1\r\nHost: sotto\r\nTransfer-Encoding: chunked\r\n\r\n");

        Assert.That(await EndsAsync(slow, drip: "1\r\n \r\n"), Does.StartWith("HTTP/1.1 408 ").Or.Empty);
    }

    [Test]
    public async Task A_connection_without_a_request_is_closed()
    {
        using var idle = await ConnectAsync();
        Assert.That(await EndsAsync(idle), Is.Empty);

        using var used = await ConnectAsync();
        await SendAsync(used, "POST /subscribe HTTP/1.1\r\nHost: sotto\r\nContent-Length: 2\r\n\r\n[]");
        Assert.That(await EndsAsync(used), Does.StartWith("HTTP/1.1 200 ").And.EndWith("[]"));
    }

    [Test]
    public async Task A_client_with_too_many_connections_is_closed_until_it_has_fewer()
    {
        var held = new List<TcpClient>();
        try
        {
            await Eventually.BecomesTrueAsync(
                async () =>
                {
                    // Those that were given up meanwhile do not count, so there are always some more.
                    var another = await ConnectAsync();
                    held.Add(another);
                    await SendAsync(another, "POST /subscribe HTTP/1.1\r\nHost: sotto\r\nContent-Length: 5\r\n\r\n[");
                    return await IsClosedAtOnceAsync(another);
                },
                what: "one connection was too many");
        }
        finally
        {
            held.ForEach(connection => connection.Dispose());
        }

        await Eventually.BecomesTrueAsync(
            async () => (await RawHttp.ExchangeAsync(_api.Address, "POST /subscribe HTTP/1.1\r\nHost: sotto\r\nContent-Length: 2\r\n\r\n[]")).EndsWith("[]", StringComparison.Ordinal),
            what: "there was room again");
    }

    [Test]
    public async Task Headers_that_are_too_long_are_431()
    {
        var answer = await RawHttp.ExchangeAsync(_api.Address, $"POST /subscribe HTTP/1.1\r\nHost: sotto\r\nX-A: {new string('a', 17_000)}\r\nContent-Length: 2\r\n\r\n[]");

        Assert.That(answer, Does.StartWith("HTTP/1.1 431 ").Or.Empty);
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(_api.Address.Host, _api.Address.Port);
        return client;
    }

    private static async Task SendAsync(TcpClient client, string text)
    {
        try
        {
            await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text));
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // Closed already.
        }
    }

    private static async Task<bool> IsClosedAtOnceAsync(TcpClient client)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        try
        {
            return await client.GetStream().ReadAsync(new byte[1], patience.Token) == 0;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return true;
        }
    }

    // Reads until the service closes, sending a little more meanwhile.
    private static async Task<string> EndsAsync(TcpClient client, string? drip = null)
    {
        using var patience = new CancellationTokenSource(Eventually.Patience);
        var answer = new StringBuilder();
        var buffer = new byte[4_096];
        try
        {
            var reading = client.GetStream().ReadAsync(buffer, patience.Token).AsTask();
            while (true)
            {
                if (drip is not null && await Task.WhenAny(reading, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, patience.Token)) != reading)
                {
                    await SendAsync(client, drip);
                    continue;
                }

                var count = await reading;
                if (count == 0)
                    return answer.ToString();
                answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
                reading = client.GetStream().ReadAsync(buffer, patience.Token).AsTask();
            }
        }
        catch (IOException)
        {
            // A reset is a way to close.
            return answer.ToString();
        }
    }
}
