using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Sotto.Dev.Demo;
using Sotto.Dev.Running;
using Sotto.OxenMq;
using Sotto.Session;

namespace EndToEnd.Tests;

/// <summary>The network side of the existing server, which goes on while people move: it monitors accounts at the same nodes, under a key of its own.</summary>
internal sealed class OldServer : IDisposable
{
    private readonly OxenMqClient _client;
    private readonly ConcurrentDictionary<string, bool> _heard = new(StringComparer.Ordinal);
    private readonly RunState _state;

    public OldServer(RunState state)
    {
        _state = state;
        _client = new OxenMqClient(new OxenMqOptions
        {
            Keys = OxenMqKeyPair.Generate(),
            Commands = new Dictionary<string, OxenMqCommandHandler>(StringComparer.Ordinal)
            {
                [NetworkCommand.NotifyMessage] = (_, parts) =>
                {
                    if (NotifyMessage.TryParse(parts[0], out var message))
                        _heard[message.Hash] = true;
                },
            },
        });
    }

    /// <summary>Whether a node told it of this message.</summary>
    public bool Heard(string hash) => _heard.ContainsKey(hash);

    /// <summary>Asks every node about these accounts, as that server does after its start.</summary>
    public async Task MonitorAsync(IEnumerable<MonitorSubscription> subscriptions)
    {
        var body = MonitorRequest.Write(subscriptions);
        var state = await ControlClient.Of(_state, SimulatorCatalogue.Swarm).GetAsync("/state", CancellationToken.None);
        foreach (var node in state["nodes"]!.AsArray().OfType<JsonObject>())
        {
            var address = node["endpoint"]!.GetValue<string>().Replace("tcp://", "curve://", StringComparison.Ordinal) + "/" + node["publicKey"]!.GetValue<string>();
            await _client.RequestAsync(_client.Connect(OxenMqAddress.Parse(address)), NetworkCommand.MonitorMessages, [body], CancellationToken.None);
        }
    }

    public void Dispose() => _client.Dispose();
}
