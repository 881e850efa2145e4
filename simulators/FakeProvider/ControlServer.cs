using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Sotto.FakeProvider;

/// <summary>The simulator's other door, over plain HTTP: what it saw, and how it shall behave.</summary>
internal sealed class ControlServer : IAsyncDisposable
{
    // A script of faults, or a population of tokens.
    private const int BodyBytesMax = 64 * 1024 * 1024;

    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(1);

    private readonly WebApplication _application;

    private ControlServer(WebApplication application, Uri endpoint) => (_application, Endpoint) = (application, endpoint);

    public Uri Endpoint { get; }

    public static async Task<ControlServer> StartAsync(ProviderSimulator simulator)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyBytesMax;
            kestrel.Listen(simulator.Options.Bind, simulator.Options.ControlPort);
        });
        var built = builder.Build();
        var orders = new ControlOrders(simulator);
        built.Run(context => HandleAsync(context, simulator, orders));
        await built.StartAsync();

        var addresses = built.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        return new(built, new($"http://{simulator.Options.Host}:{new Uri(addresses.First()).Port}"));
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(StopMax);
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
    }

    private static async Task HandleAsync(HttpContext context, ProviderSimulator simulator, ControlOrders orders)
    {
        try
        {
            var answer = (context.Request.Method, context.Request.Path.Value) switch
            {
                ("GET", "/received") => orders.Received(context.Request.Query),
                ("GET", "/ledger") => orders.Ledger(context.Request.Query),
                ("GET", "/stats") => orders.Stats(),
                ("POST", "/tokens") => orders.SetTokens(await ReadAsync<TokenOrder>(context)),
                ("POST", "/faults") => orders.AddFaults(await ReadAsync<Fault>(context)),
                ("DELETE", "/faults") => orders.ClearFaults(),
                ("POST", "/clock") => orders.MoveClock((await ReadAsync<ClockOrder>(context))[0]),
                ("POST", "/limits") => orders.SetLimits((await ReadAsync<LimitsOrder>(context))[0]),
                ("POST", "/reset") => orders.Reset(),
                ("POST", var path) => await ObeyAsync(context, simulator, path),
                _ => null,
            };
            var status = answer is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK;
            await WriteAsync(context, status, answer ?? new { error = "No such order." });
        }
        catch (Exception wrong) when (wrong is JsonException or ArgumentException or InvalidOperationException
            or FormatException or OverflowException or BadHttpRequestException)
        {
            await WriteAsync(context, StatusCodes.Status400BadRequest, new { error = wrong.Message });
        }
    }

    // What only this vendor's simulator understands.
    private static async Task<object?> ObeyAsync(HttpContext context, ProviderSimulator simulator, string? path)
    {
        using var order = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        return simulator.Obey(context.Request.Method, path ?? "", order.RootElement);
    }

    private static Task WriteAsync(HttpContext context, int status, object answer)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(context.Response.Body, answer, ControlJson.Options, context.RequestAborted);
    }

    // One, or a list of several.
    private static async Task<IReadOnlyList<T>> ReadAsync<T>(HttpContext context)
    {
        using var document = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        var items = document.RootElement.ValueKind == JsonValueKind.Array
            ? document.RootElement.Deserialize<List<T>>(ControlJson.Options)
            : [document.RootElement.Deserialize<T>(ControlJson.Options)!];
        return items is { Count: > 0 } && !items.Contains(default!) ? items : throw new JsonException("An object or a list of objects is expected.");
    }
}
