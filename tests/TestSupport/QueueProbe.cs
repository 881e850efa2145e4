using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Sotto.TestSupport;

/// <summary>Looks into the queues of one virtual host, beside the services that use them.</summary>
public sealed class QueueProbe : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web);

    private readonly Uri _amqp;
    private readonly SemaphoreSlim _one = new(1, 1);
    private IConnection _connection = null!;
    private IChannel _channel = null!;

    private QueueProbe(Uri amqp) => _amqp = amqp;

    /// <summary>Connects.</summary>
    public static async Task<QueueProbe> ConnectAsync(Uri amqp)
    {
        var probe = new QueueProbe(amqp);
        await probe.ConnectAsync();
        return probe;
    }

    /// <summary>How many messages are ready in the queue; those in the hands of a consumer are not counted.</summary>
    public Task<uint> CountAsync(string queue) => AloneAsync(() => _channel.MessageCountAsync(queue));

    /// <summary>Takes the first message for good; null when there is none ready.</summary>
    public Task<QueuedMessage?> TakeAsync(string queue) =>
        AloneAsync<QueuedMessage?>(async () => await _channel.BasicGetAsync(queue, autoAck: true) is { } got ? new QueuedMessage(got.Body.ToArray(), Headers(got)) : null);

    /// <summary>Takes all that is ready now.</summary>
    public async Task<List<QueuedMessage>> TakeAllAsync(string queue)
    {
        var all = new List<QueuedMessage>();
        while (await TakeAsync(queue) is { } message)
            all.Add(message);
        return all;
    }

    /// <summary>The contract inside a message as the bus writes it.</summary>
    public static T Read<T>(QueuedMessage message)
    {
        using var envelope = JsonDocument.Parse(WireFrame.ToJson(message.Body));
        return envelope.RootElement.GetProperty("message").Deserialize<T>(Wire)!;
    }

    /// <summary>Runs anything else on the probe's channel.</summary>
    public Task RunAsync(Func<IChannel, Task> work) =>
        AloneAsync(async () =>
        {
            await work(_channel);
            return true;
        });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _one.Dispose();
    }

    private static Dictionary<string, string> Headers(BasicGetResult got) =>
        (got.BasicProperties.Headers ?? new Dictionary<string, object?>(StringComparer.Ordinal))
            .ToDictionary(header => header.Key, header => header.Value is byte[] text ? System.Text.Encoding.UTF8.GetString(text) : header.Value?.ToString() ?? "", StringComparer.Ordinal);

    private async Task ConnectAsync()
    {
        _connection = await new ConnectionFactory { Uri = _amqp, ClientProvidedName = "test probe" }.CreateConnectionAsync();
        _channel = await _connection.CreateChannelAsync();
    }

    // A channel is not for several threads at once.
    private async Task<T> AloneAsync<T>(Func<Task<T>> work)
    {
        await _one.WaitAsync();
        try
        {
            return await work();
        }
        // A quorum queue that another connection is just declaring has a name before it has a process: nothing is in it yet. The broker ends the connection for that.
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.InternalError)
        {
            await _connection.DisposeAsync();
            await ConnectAsync();
            return default!;
        }
        finally
        {
            _one.Release();
        }
    }
}

/// <summary>What was found in a queue.</summary>
/// <param name="Body">As the bus wrote it.</param>
/// <param name="Headers">Texts as texts, everything else as it prints.</param>
public sealed record QueuedMessage(byte[] Body, IReadOnlyDictionary<string, string> Headers);
