namespace Sotto.Dev.Running;

/// <summary>Plain questions to our own programs on this machine.</summary>
internal static class HttpProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly HttpMessageInvoker Http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = Patience });

    /// <summary>True when the address answers with 200.</summary>
    public static async Task<bool> IsOkAsync(Uri address, CancellationToken cancellation) => await GetAsync(address, cancellation) is not null;

    /// <summary>The text at the address; null when it does not answer with 200 in time.</summary>
    public static async Task<string?> GetAsync(Uri address, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        return (await SendAsync(request, cancellation)) is (200, { } body) ? body : null;
    }

    /// <summary>Status and body of an answer; status 0 when there is none in time.</summary>
    public static async Task<(int Status, string Body)> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            using var response = await Http.SendAsync(request, limit.Token);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(limit.Token));
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return (0, e.Message);
        }
    }
}
