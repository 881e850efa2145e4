namespace Sotto.VendorHttp;

/// <summary>
/// A few connections to one server of a vendor, each with its own handler, and a place in front of them for every request that may be in flight. Thread-safe.
/// </summary>
/// <remarks>
/// Every failure that a network can have is an answer here (<see cref="VendorAnswer.Silence"/>), not an exception. A request is repeated only when the server has
/// refused its stream unseen; whether any other repetition is right is for the caller to say.
/// </remarks>
public sealed partial class VendorConnections : IDisposable
{
    private const int RefusalsMax = 10;

    private readonly VendorConnectionOptions _options;
    private readonly TimeProvider _clock;
    private readonly ConnectionPace _pace;
    private readonly SemaphoreSlim _places;
    private readonly Lock _gate = new();
    private readonly List<VendorConnection> _connections = [];
    private int _inFlight;
    private int _waiting;
    private int _unwritten;
    private long _clockSkewTicks;
    private bool _disposed;

    /// <summary>Opens nothing yet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The options ask for no connection or too many, or for no stream.</exception>
    public VendorConnections(VendorConnectionOptions options, TimeProvider clock)
    {
        if (options.ConnectionsMax is < 1 or > VendorConnectionOptions.ConnectionsCeiling || options.StreamsMax < 1)
            throw new ArgumentOutOfRangeException(nameof(options), "No connection is asked for, or too many, or no stream.");
        _options = options;
        _clock = clock;
        _pace = new ConnectionPace(options.ConnectPause, clock);
        InFlightMax = options.ConnectionsMax * options.StreamsMax;
        _places = new SemaphoreSlim(InFlightMax, InFlightMax);
    }

    /// <summary>Most requests in flight at one time.</summary>
    public int InFlightMax { get; }

    /// <summary>Requests that were handed to a connection and are not answered yet.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Requests that wait for a place.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Of those in flight, the requests that wait for a connection or for a stream that the server allows.</summary>
    public int WaitingForStream => Volatile.Read(ref _unwritten);

    /// <summary>Connections opened so far.</summary>
    public long Opened => _pace.Opened;

    /// <summary>The server's clock less ours, as its last answer said; zero before the first. Signed times fail when it is more than a minute.</summary>
    public TimeSpan ClockSkew => TimeSpan.FromTicks(Interlocked.Read(ref _clockSkewTicks));

    /// <summary>Sends one request and waits for its answer.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<VendorAnswer> SendAsync(VendorRequest request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await _places.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        var connection = Pick();
        Interlocked.Increment(ref _inFlight);
        try
        {
            for (var refusals = 1; ; refusals++)
            {
                using var exchange = new Exchange(this, connection, request);
                var answer = await exchange.RunAsync(cancellationToken);
                if (!answer.WasRefused || refusals >= RefusalsMax)
                    return answer;
                connection.Cool();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
            connection.Leave();
            _places.Release();
        }
    }

    /// <summary>No further request goes on the connection that gave this answer; those that are on it may finish.</summary>
    public void Retire(VendorAnswer answer)
    {
        if (answer.Connection is { } connection)
            Retire(connection);
    }

    /// <summary>No further request goes on any connection that is open now.</summary>
    public void RetireAll()
    {
        lock (_gate)
        {
            foreach (var connection in _connections)
                connection.Retire();
            _connections.Clear();
        }
    }

    /// <summary>Closes all connections; requests in flight break.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var connection in _connections)
                connection.Dispose();
            _connections.Clear();
        }
    }

    private void Retire(VendorConnection connection)
    {
        lock (_gate)
        {
            _connections.Remove(connection);
            connection.Retire();
        }
    }

    // The least busy of the connections, or a new one when all have work and another may be opened.
    private VendorConnection Pick()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var now = _clock.GetUtcNow();
            VendorConnection? least = null;
            for (var i = _connections.Count - 1; i >= 0; i--)
            {
                var connection = _connections[i];
                if (now - connection.OpenedAt >= _options.Lifetime)
                    Retire(connection);
                else if (least is null || connection.InFlight <= least.InFlight)
                    least = connection;
            }

            if (least is null || (least.InFlight > 0 && _connections.Count < _options.ConnectionsMax && _pace.MayOpenNow))
                _connections.Add(least = new VendorConnection(_options, _pace, now));
            least.Enter();
            return least;
        }
    }
}
