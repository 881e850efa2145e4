using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Sotto.RawHttp2;

/// <summary>One connection: reads what the client sends, and writes what the server is told to.</summary>
internal sealed class RawConnection(RawHttp2Server server, int number, Stream stream) : IDisposable
{
    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    // SETTINGS_MAX_CONCURRENT_STREAMS.
    private const ushort StreamsSetting = 3;
    private const int SettingSize = 6;

    private readonly HeaderCodec _codec = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Lock _gate = new();
    private readonly Dictionary<int, RawRequest> _open = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _frozen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _newest;
    private int _last = int.MaxValue;
    private bool _answers = true;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        var preface = new byte[Preface.Length];
        await stream.ReadExactlyAsync(preface, either.Token);
        if (!preface.AsSpan().SequenceEqual(Preface))
            throw new InvalidDataException("This is not HTTP/2.");
        await AnnounceAsync(server.StreamsMax);
        while (await Frame.ReadAsync(stream, either.Token) is { } frame)
        {
            if (_frozen.Task.IsCompleted)
                await Task.Delay(Timeout.InfiniteTimeSpan, either.Token);
            await TakeAsync(frame, either.Token);
        }
    }

    public Task AnnounceAsync(int streamsMax)
    {
        var payload = new byte[SettingSize];
        BinaryPrimitives.WriteUInt16BigEndian(payload, StreamsSetting);
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(2), streamsMax);
        return WriteAsync(new Frame(FrameType.Settings, 0, 0, payload));
    }

    public async Task GoAwayAsync(string debugData, int leaveBehind, bool answerOthers)
    {
        lock (_gate)
        {
            _answers = answerOthers;
            var newest = _open.Keys.Order().TakeLast(leaveBehind).ToList();
            _last = newest.Count > 0 ? newest[0] - 2 : _newest;
            foreach (var left in newest)
            {
                _open[left].Fate = RequestFate.LeftBehind;
                _open.Remove(left);
            }
        }

        var text = Encoding.UTF8.GetBytes(debugData);
        var payload = new byte[8 + text.Length];
        BinaryPrimitives.WriteInt32BigEndian(payload, Math.Max(_last, 0));
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(4), (int)Http2Error.None);
        text.CopyTo(payload, 8);
        await WriteAsync(new Frame(FrameType.GoAway, 0, 0, payload));
        await EndWhenDoneAsync();
    }

    public void Freeze() => _frozen.TrySetResult();

    public void Dispose()
    {
        try
        {
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
        }

        stream.Dispose();
    }

    private async Task TakeAsync(Frame frame, CancellationToken cancellationToken)
    {
        switch (frame.Type)
        {
            case FrameType.Settings when !frame.Has(Frame.Ack):
                await WriteAsync(new Frame(FrameType.Settings, Frame.Ack, 0, default));
                break;
            case FrameType.Ping when !frame.Has(Frame.Ack):
                await WriteAsync(new Frame(FrameType.Ping, Frame.Ack, 0, frame.Payload));
                break;
            case FrameType.Headers:
                await BeginAsync(frame, cancellationToken);
                break;
            case FrameType.Data:
                await AddAsync(frame);
                break;
            case FrameType.ResetStream:
                lock (_gate)
                {
                    if (_open.Remove(frame.Stream, out var request))
                        request.Fate = RequestFate.Broken;
                }

                break;
            default:
                break;
        }
    }

    private async Task BeginAsync(Frame frame, CancellationToken cancellationToken)
    {
        var block = frame.Content().ToArray();
        for (var part = frame; !part.Has(Frame.EndHeaders);)
        {
            part = await Frame.ReadAsync(stream, cancellationToken) ?? throw new InvalidDataException("Headers end in the middle.");
            block = [.. block, .. part.Payload.Span];
        }

        var request = new RawRequest(number, frame.Stream);
        request.Add(_codec.Read(block));
        server.Received(request);
        bool refused;
        lock (_gate)
        {
            _newest = Math.Max(_newest, frame.Stream);
            if (frame.Stream > _last)
            {
                request.Fate = RequestFate.LeftBehind;
                return;
            }

            refused = _open.Count >= server.StreamsMax;
            if (refused)
                request.Fate = RequestFate.Refused;
            else
                _open.Add(frame.Stream, request);
        }

        if (refused)
            await ResetAsync(frame.Stream, Http2Error.RefusedStream);
        else if (frame.Has(Frame.EndStream))
            _ = AnswerAsync(request);
    }

    private async Task AddAsync(Frame frame)
    {
        // The connection's window is given back at once; no stream of ours is as large as its own.
        if (frame.Payload.Length > 0)
        {
            var credit = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(credit, frame.Payload.Length);
            await WriteAsync(new Frame(FrameType.WindowUpdate, 0, 0, credit));
        }

        RawRequest? request;
        lock (_gate)
        {
            if (!_open.TryGetValue(frame.Stream, out request))
                return;
        }

        request.Add(frame.Content().Span);
        if (frame.Has(Frame.EndStream))
            _ = AnswerAsync(request);
    }

    private async Task AnswerAsync(RawRequest request)
    {
        try
        {
            var answer = server.Answer(request);
            if (answer.Delay > TimeSpan.Zero)
                await Task.Delay(answer.Delay, TimeProvider.System, _ended.Token);
            if (answer.Never || !_answers)
                return;
            if (answer.Reset is { } code)
            {
                if (Close(request, code == Http2Error.RefusedStream ? RequestFate.Refused : RequestFate.Broken, 0))
                    await ResetAsync(request.Stream, code);
            }
            else
            {
                await WriteAnswerAsync(request, answer);
            }

            await EndWhenDoneAsync();
        }
        // The connection has gone in the middle.
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    private async Task WriteAnswerAsync(RawRequest request, RawAnswer answer)
    {
        var headers = new List<KeyValuePair<string, string>> { new(":status", answer.Status.ToString(CultureInfo.InvariantCulture)) };
        if (request.Header("apns-id") is { } id)
            headers.Add(new("apns-id", id));
        var body = Encoding.UTF8.GetBytes(answer.Body);
        lock (_gate)
        {
            if (!_open.ContainsKey(request.Stream))
                return;
        }

        // The last frame and the count of open streams go together, or the client's next stream would be one too many.
        if (body.Length == 0)
        {
            if (Close(request, RequestFate.Answered, answer.Status))
                await WriteAsync(new Frame(FrameType.Headers, Frame.EndHeaders | Frame.EndStream, request.Stream, HeaderCodec.Write(headers)));
            return;
        }

        await WriteAsync(new Frame(FrameType.Headers, Frame.EndHeaders, request.Stream, HeaderCodec.Write(headers)));
        for (var i = 0; answer.Drip > TimeSpan.Zero && i < body.Length - 1; i++)
        {
            await Task.Delay(answer.Drip, TimeProvider.System, _ended.Token);
            await WriteAsync(new Frame(FrameType.Data, 0, request.Stream, body.AsMemory(i, 1)));
        }

        var rest = answer.Drip > TimeSpan.Zero ? body.AsMemory(body.Length - 1) : body;
        if (Close(request, RequestFate.Answered, answer.Status))
            await WriteAsync(new Frame(FrameType.Data, Frame.EndStream, request.Stream, rest));
    }

    private bool Close(RawRequest request, RequestFate fate, int status)
    {
        lock (_gate)
        {
            if (!_open.Remove(request.Stream))
                return false;
            (request.Fate, request.Status) = (fate, status);
            return true;
        }
    }

    private Task ResetAsync(int streamId, Http2Error code)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, (int)code);
        return WriteAsync(new Frame(FrameType.ResetStream, 0, streamId, payload));
    }

    private async Task EndWhenDoneAsync()
    {
        lock (_gate)
        {
            if (_last == int.MaxValue || (_answers && _open.Count > 0))
                return;
            foreach (var request in _open.Values)
                request.Fate = RequestFate.Broken;
        }

        // What has been written must arrive before the end does.
        await _writing.WaitAsync(_ended.Token);
        _writing.Release();
        await stream.FlushAsync(_ended.Token);
        await _ended.CancelAsync();
    }

    private async Task WriteAsync(Frame frame)
    {
        if (_frozen.Task.IsCompleted)
            return;
        await _writing.WaitAsync(_ended.Token);
        try
        {
            await stream.WriteAsync(frame.ToBytes(), _ended.Token);
        }
        finally
        {
            _writing.Release();
        }
    }
}
