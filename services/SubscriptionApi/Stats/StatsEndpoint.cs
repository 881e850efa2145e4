using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;
using Sotto.Hosting;
using Sotto.Hosting.Settings;

namespace SubscriptionApi.Stats;

/// <summary><c>GET /admin/stats</c>, at the address for health and metrics, for whoever holds the token of <c>Admin:TokenFile</c>.</summary>
internal static class StatsEndpoint
{
    /// <summary>Shortest token that is taken.</summary>
    public const int TokenLengthMin = 16;

    private const string Scheme = "Bearer ";

    /// <summary>Maps it; without a token it does not exist.</summary>
    /// <exception cref="SettingsException">The token's file cannot be read, or holds none.</exception>
    public static void MapStats(this IApplicationBuilder admin)
    {
        if (admin.ApplicationServices.GetRequiredService<AdminSettings>().TokenFile is not { Length: > 0 } file)
            return;
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(ReadToken(file)));
        admin.Map("/admin/stats", stats => stats.Run(context => AnswerAsync(context, digest)));
    }

    private static async Task AnswerAsync(HttpContext context, byte[] digest)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        var given = context.Request.Headers[HeaderNames.Authorization].ToString();
        // Digests are of equal length, so the time that it takes tells nothing of the token.
        if (!given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            || !CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given[Scheme.Length..].Trim())), digest))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return;
        }

        var services = context.RequestServices;
        var stats = await services.GetRequiredService<StatsReader>().ReadAsync(services.GetRequiredService<TimeProvider>().GetUtcNow(), context.RequestAborted);
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(stats.ToJsonString(), context.RequestAborted);
    }

    private static string ReadToken(string file)
    {
        try
        {
            var token = File.ReadAllText(file).Trim();
            return token.Length >= TokenLengthMin ? token : throw new SettingsException($"Setting Admin:TokenFile: the token in {file} has less than {TokenLengthMin} characters.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"Setting Admin:TokenFile: {e.Message}");
        }
    }
}
