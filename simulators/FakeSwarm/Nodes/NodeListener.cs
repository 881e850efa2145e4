using System.Globalization;
using Sotto.FakeSwarm.Wire;
using Sotto.FakeSwarm.Zmq;

namespace Sotto.FakeSwarm.Nodes;

/// <summary>A storage server's OxenMQ side: answers <c>monitor.messages</c>, sends <c>notify.message</c>.</summary>
internal sealed class NodeListener(RawContext context, ListenerThread thread, byte[] privateKey, FakeSwarmOptions options, SessionAccounts accounts, Tally tally)
    : Listener(context, thread, privateKey, AnyPort, options)
{
    private static readonly byte[] NotifyMessage = "notify.message"u8.ToArray();

    private static readonly byte[] Success = "d7:successi1ee"u8.ToArray();

    private long _judged = Random.Shared.Next(options.VerifyOneIn);

    public NodeSubscriptions Subscriptions { get; } = new();

    /// <summary>Hands a notification to a connection. On the thread.</summary>
    public void Notify(byte[] routingId, byte[] frame) => Send(routingId, NotifyMessage, frame);

    /// <summary>On the thread.</summary>
    public void Send(byte[] routingId, params byte[][] parts)
    {
        if (Socket is not null && Socket.TrySend([routingId, .. parts]))
            tally.Sent();
        else
            tally.Undeliverable();
    }

    protected override bool Knows(string name) => name is "monitor.messages";

    protected override byte[][] Answer(string name, byte[] routingId, byte[][] data) => [Monitor(routingId, data)];

    protected override void Forget() => Subscriptions.Clear();

    private byte[] Monitor(byte[] routingId, byte[][] data)
    {
        tally.MonitorRequest();
        if (data is not [{ Length: > 1 } request] || request[^1] != 'e' || request[0] is not ((byte)'d' or (byte)'l'))
            return Refusal(MonitorErrorCode.BadArguments, "Exactly one bencoded dict or list is needed");

        try
        {
            return request[0] == 'd' ? Judge(routingId, request) : JudgeAll(routingId, request);
        }
        catch (FormatException wrong)
        {
            return Refusal(MonitorErrorCode.BadArguments, wrong.Message);
        }
    }

    private byte[] JudgeAll(byte[] routingId, byte[] request)
    {
        var cursor = new BencodeCursor(request);
        var answer = new BencodeText().Raw("l");
        cursor.Expect('l');
        while (!cursor.TryEnd())
        {
            if (cursor.Next != 'd')
                throw new FormatException("The list holds dicts");
            answer.Raw(Judge(routingId, cursor.Take()));
        }

        return answer.Raw("e").ToArray();
    }

    private byte[] Judge(byte[] routingId, ReadOnlySpan<byte> dict)
    {
        var now = Options.Clock.GetUtcNow();
        var verifies = _judged++ % Options.VerifyOneIn == 0;
        var (code, error, wish) = MonitorCheck.Judge(dict, accounts, now.ToUnixTimeSeconds(), verifies);
        tally.Judged(code);
        if (verifies)
            tally.Verified();
        if (code != MonitorErrorCode.None)
            return Refusal(code, error);

        Subscriptions.Add(routingId, wish, now);
        return Success;
    }

    private static byte[] Refusal(MonitorErrorCode code, string error) =>
        new BencodeText().Raw(string.Create(CultureInfo.InvariantCulture, $"d7:errcodei{(int)code}e5:error")).String(error).Raw("e").ToArray();
}
