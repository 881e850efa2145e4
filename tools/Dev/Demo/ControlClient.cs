using System.Text;
using System.Text.Json.Nodes;
using Sotto.Dev.Running;

namespace Sotto.Dev.Demo;

/// <summary>A simulator's other door, as its README describes it.</summary>
internal sealed class ControlClient(Uri control)
{
    /// <summary>The control door of a running simulator.</summary>
    public static ControlClient Of(RunState state, string simulator) =>
        new(new Uri(SimulatorCatalogue.Text(state.Simulators.First(program => program.Name == simulator).Ready!, "control")));

    /// <summary>Asks.</summary>
    public Task<JsonObject> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, body: null, cancellation);

    /// <summary>Orders.</summary>
    public Task<JsonObject> PostAsync(string path, JsonObject body, CancellationToken cancellation) => SendAsync(HttpMethod.Post, path, body, cancellation);

    /// <summary>Orders that something be forgotten.</summary>
    public Task<JsonObject> DeleteAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Delete, path, body: null, cancellation);

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, new Uri(control, path));
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");

        var (status, answer) = await HttpProbe.SendAsync(request, cancellation);
        return status == 200
            ? JsonNode.Parse(answer)!.AsObject()
            : throw new DevException($"The simulator's control endpoint {control} answered {method} {path} with {status}: {answer}");
    }
}
