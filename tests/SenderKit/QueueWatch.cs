using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using Sotto.TestSupport;

namespace Sotto.SenderKit;

/// <summary>Looks into queues from outside.</summary>
public sealed class QueueWatch(TestBroker broker) : IAsyncDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());
    private IConnection? _connection;

    /// <summary>How many messages wait in a queue, as the queue itself says; 0 when it is not there.</summary>
    public async Task<uint> ReadyAsync(string queue)
    {
        _connection ??= await new ConnectionFactory { Uri = broker.Amqp }.CreateConnectionAsync();
        await using var channel = await _connection.CreateChannelAsync();
        try
        {
            return await channel.MessageCountAsync(queue);
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
        {
            return 0;
        }
    }

    /// <summary>How many consumers a queue has.</summary>
    public async Task<uint> ConsumersAsync(string queue)
    {
        _connection ??= await new ConnectionFactory { Uri = broker.Amqp }.CreateConnectionAsync();
        await using var channel = await _connection.CreateChannelAsync();
        return await channel.ConsumerCountAsync(queue);
    }

    /// <summary>How many items the frames in a queue hold.</summary>
    public async Task<int> CountItemsAsync(string queue)
    {
        var count = 0;
        foreach (var body in await PeekBodiesAsync(queue, 1000))
            count += WireFrame.CountItems(body);

        return count;
    }

    /// <summary>All that can be found in up to so many messages, which stay in the queue.</summary>
    public async Task<IReadOnlyList<string>> PeekAsync(string queue, int count) =>
        [.. (await PeekBodiesAsync(queue, count)).Select(body => WireFrame.ToSearchableText(body))];

    private async Task<IReadOnlyList<byte[]>> PeekBodiesAsync(string queue, int count)
    {
        var answer = await CallAsync(HttpMethod.Post, $"queues/{Host}/{Uri.EscapeDataString(queue)}/get",
            JsonSerializer.Serialize(new { count, ackmode = "ack_requeue_true", encoding = "auto" }));
        using var json = JsonDocument.Parse(answer);
        return [.. json.RootElement.EnumerateArray().Select(message => Body(message.GetProperty("payload").GetString()!, message.GetProperty("payload_encoding").GetString()!))];
    }

    // What is no text comes as base64.
    private static byte[] Body(string payload, string encoding) => encoding == "base64" ? Convert.FromBase64String(payload) : Encoding.UTF8.GetBytes(payload);

    /// <summary>The names of all queues.</summary>
    public async Task<IReadOnlyList<string>> QueuesAsync()
    {
        using var json = JsonDocument.Parse(await CallAsync(HttpMethod.Get, $"queues/{Host}?columns=name", body: null));
        return [.. json.RootElement.EnumerateArray().Select(queue => queue.GetProperty("name").GetString()!)];
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_connection is not null)
            await _connection.DisposeAsync();
    }

    private string Host => Uri.EscapeDataString(broker.VirtualHost);

    private async Task<string> CallAsync(HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, new Uri(broker.Management, $"/api/{path}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(broker.Management.UserInfo))));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(request, CancellationToken.None);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }
}
