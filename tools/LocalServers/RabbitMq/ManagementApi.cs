using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Sotto.LocalServers.RabbitMq;

/// <summary>RabbitMQ's management API: the few requests that make virtual hosts, users and rights.</summary>
public static class ManagementApi
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Completes when the broker has done it; what is to be deleted may be gone already.</summary>
    /// <param name="management">Where, with user and password.</param>
    /// <param name="method">What to do.</param>
    /// <param name="path">With what, such as <c>api/vhosts/name</c>.</param>
    /// <param name="body">JSON, or null.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="LocalServerException">The API refused or did not answer in time.</exception>
    public static async Task SendAsync(Uri management, HttpMethod method, string path, string? body, CancellationToken cancellation)
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
