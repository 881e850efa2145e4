using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sotto.Dev.Running;

namespace Sotto.Dev.Chaos;

/// <summary>The broker's management, as its own user sees it.</summary>
internal static class Management
{
    /// <summary>Status and body of an answer; status 0 when there is none in time.</summary>
    public static async Task<(int Status, string Body)> AskAsync(Uri management, HttpMethod method, string path, JsonObject? order, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, new Uri(management, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(management.UserInfo))));
        if (order is not null)
            request.Content = new StringContent(order.ToJsonString(), Encoding.UTF8, "application/json");
        return await HttpProbe.SendAsync(request, cancellation);
    }
}
