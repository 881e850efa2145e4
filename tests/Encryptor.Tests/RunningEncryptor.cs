using Microsoft.AspNetCore.Builder;

namespace Encryptor.Tests;

/// <summary>One instance of the real service, in this process.</summary>
internal sealed class RunningEncryptor : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningEncryptor(WebApplication app) => _app = app;

    public static async Task<RunningEncryptor> StartAsync(string[] settings, Action<WebApplicationBuilder>? change = null)
    {
        var app = EncryptorProgram.Build(settings, change);
        try
        {
            await app.StartAsync();
            return new RunningEncryptor(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
