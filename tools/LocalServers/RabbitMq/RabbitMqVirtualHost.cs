using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Sotto.LocalServers.RabbitMq;

/// <summary>A virtual host: exchanges and queues that nobody else sees, made in about 10 ms.</summary>
public sealed class RabbitMqVirtualHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Uri _management;

    private RabbitMqVirtualHost(Uri management, Uri amqp, string name)
    {
        _management = management;
        Name = name;
        Amqp = new UriBuilder(amqp) { Path = name }.Uri;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Where services connect to it, user and password included.</summary>
    public Uri Amqp { get; }

    /// <summary>Makes the virtual host and gives the user of <paramref name="amqp"/> all rights in it.</summary>
    /// <param name="amqp">The broker, with user and password.</param>
    /// <param name="management">The broker's management API, with user and password.</param>
    /// <param name="name">Letters, digits, hyphens; must not need escaping.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<RabbitMqVirtualHost> CreateAsync(Uri amqp, Uri management, string name, CancellationToken cancellation = default)
    {
        var user = amqp.UserInfo.Split(':')[0];
        await SendAsync(management, HttpMethod.Put, $"api/vhosts/{name}", "", cancellation);
        await SendAsync(management, HttpMethod.Put, $"api/permissions/{name}/{user}", """{"configure":".*","write":".*","read":".*"}""", cancellation);
        return new RabbitMqVirtualHost(management, amqp, name);
    }

    /// <summary>Deletes it and all that is in it; whether it existed does not matter.</summary>
    public static Task DeleteAsync(Uri management, string name, CancellationToken cancellation = default) =>
        SendAsync(management, HttpMethod.Delete, $"api/vhosts/{name}", body: null, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await DeleteAsync(_management, Name);

    private static async Task SendAsync(Uri management, HttpMethod method, string path, string? body, CancellationToken cancellation)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var http = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(method, new Uri(new UriBuilder(management) { UserName = "", Password = "" }.Uri, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(management.UserInfo))));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            using var response = await http.SendAsync(request, limit.Token);
            if (!response.IsSuccessStatusCode && !(method == HttpMethod.Delete && response.StatusCode == HttpStatusCode.NotFound))
                throw new LocalServerException($"RabbitMQ's management API at {request.RequestUri!.Authority} answered {method} {path} with {(int)response.StatusCode}.");
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new LocalServerException($"RabbitMQ's management API at {request.RequestUri!.Authority} cannot be reached: {e.Message}", e);
        }
    }
}
