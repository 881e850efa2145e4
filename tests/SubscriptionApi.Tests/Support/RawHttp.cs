using System.Net.Sockets;
using System.Text;

namespace SubscriptionApi.Tests.Support;

/// <summary>Says to the service what an HTTP client would not.</summary>
internal static class RawHttp
{
    /// <summary>Sends these bytes and reads until the service closes or has answered in full; empty when it closed without a word.</summary>
    public static async Task<string> ExchangeAsync(Uri address, string request)
    {
        using var patience = new CancellationTokenSource(Eventually.Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, patience.Token);
        await using var stream = client.GetStream();
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), patience.Token);
            while (!IsComplete(answer.ToString()) && await stream.ReadAsync(buffer, patience.Token) is > 0 and var count)
                answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        catch (IOException)
        {
            // A reset is a way to close.
        }

        return answer.ToString();
    }

    private static bool IsComplete(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
            return false;
        var length = answer.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase));
        return length is not null && answer.Length - end - 4 >= int.Parse(length[16..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
