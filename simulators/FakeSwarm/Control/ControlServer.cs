using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Sotto.FakeSwarm.Control;

/// <summary>The simulator's other door, over plain HTTP: what it saw, and how it shall behave.</summary>
public sealed class ControlServer : IAsyncDisposable
{
    // A flood may name many accounts.
    private const int BodyBytesMax = 16 * 1024 * 1024;
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(1);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        // Swarm ids are beyond what a double can hold, so they are text for those who read them so.
        NumberHandling = JsonNumberHandling.AllowReadingFromString,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false), new SwarmIdText() },
    };

    private readonly WebApplication _application;

    private ControlServer(WebApplication application, Uri endpoint)
    {
        _application = application;
        Endpoint = endpoint;
    }

    public Uri Endpoint { get; }

    public static async Task<ControlServer> StartAsync(FakeSwarmNetwork network, FakeSwarmOptions options, int port)
    {
        ArgumentNullException.ThrowIfNull(options);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyBytesMax;
            kestrel.Listen(options.Bind, port);
        });
        var application = builder.Build();
        var orders = new ControlOrders(network);
        application.Run(context => HandleAsync(context, orders));
        await application.StartAsync();

        var bound = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new ControlServer(application, new Uri($"http://{options.Host}:{new Uri(bound).Port}"));
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(StopMax);
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
    }

    private static async Task HandleAsync(HttpContext context, ControlOrders orders)
    {
        try
        {
            object? answer = (context.Request.Method, context.Request.Path.Value) switch
            {
                ("GET", "/state") => orders.State(),
                ("GET", "/stats") => orders.Stats(),
                ("GET", "/monitored") => orders.Monitored(context.Request.Query["account"].ToString()),
                ("POST", "/store") => orders.Store(await ReadAsync<StoreOrder>(context)),
                ("POST", "/flood") => await orders.FloodAsync(await ReadAsync<FloodOrder>(context), context.RequestAborted),
                ("POST", "/faults") => await orders.FaultAsync(await ReadAsync<FaultOrder>(context)),
                _ => null,
            };
            var status = answer is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK;
            await WriteAsync(context, status, answer ?? new { error = "No such order." });
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidDataException or FormatException or BadHttpRequestException)
        {
            await WriteAsync(context, StatusCodes.Status400BadRequest, new { error = wrong.Message });
        }
    }

    private static async Task<T> ReadAsync<T>(HttpContext context) =>
        await JsonSerializer.DeserializeAsync<T>(context.Request.Body, Json, context.RequestAborted)
        ?? throw new JsonException("An object is expected.");

    private static Task WriteAsync(HttpContext context, int status, object answer)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(context.Response.Body, answer, Json, context.RequestAborted);
    }

    private sealed class SwarmIdText : JsonConverter<ulong>
    {
        public override ulong Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? ulong.Parse(reader.GetString()!, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture)
                : reader.GetUInt64();

        public override void Write(Utf8JsonWriter writer, ulong value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}
