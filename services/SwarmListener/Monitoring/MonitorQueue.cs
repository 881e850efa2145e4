namespace SwarmListener.Monitoring;

/// <summary>What one service node is still to be told: accounts it has not heard of first, then those that are merely due.</summary>
/// <remarks>Not thread-safe: belongs to the monitor loop.</remarks>
internal sealed class MonitorQueue
{
    /// <summary>Most requests in flight to one node. A storage server drops silently what exceeds 500 waiting (oxenmq section 2).</summary>
    public const int InFlightMax = 4;

    /// <summary>
    /// A node that answers nothing is told again at each of the next slow checks, so many times; then at the second after that, the fourth, and so on up to <see cref="ChecksApartMax"/>.
    /// </summary>
    public const int RepeatsAtOnceMax = 3;

    /// <summary>Most slow checks between two repetitions. The other members of the swarm know the accounts meanwhile.</summary>
    public const int ChecksApartMax = 16;

    // Empty queues give back what they held for more than this.
    private const int CapacityKept = 256;

    private readonly Queue<AccountRef> _fresh = new();
    private readonly Queue<AccountRef> _due = new();
    private readonly List<AccountRef> _failed = [];
    private int _repeats;
    private int _checksApart = 1;
    private int _checksLeft = 1;
    private bool _isFullInFlight;

    /// <summary>The swarm that the node belongs to.</summary>
    public ulong Swarm { get; set; }

    /// <summary>True while the node listens to us; nothing is queued for one that does not, since it must be told everything when it does.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>
    /// Grows with each beginning and end of listening, so that the outcome of a request can be told to belong to an earlier connection.
    /// </summary>
    public int Session { get; private set; }

    /// <summary>Requests that have no reply yet.</summary>
    public int InFlight { get; private set; }

    /// <summary>Accounts that wait.</summary>
    public int Waiting => _fresh.Count + _due.Count;

    /// <summary>True when something waits and may be sent: few requests in flight, and none that was full (session-v2 section 5.6).</summary>
    public bool MaySend => IsConnected && Waiting > 0 && InFlight < InFlightMax && !_isFullInFlight;

    /// <summary>The node begins to listen, or begins anew; it knows nothing.</summary>
    public void Connect()
    {
        Disconnect();
        IsConnected = true;
    }

    /// <summary>The node no longer listens.</summary>
    public void Disconnect()
    {
        Clear();
        Session++;
        IsConnected = false;
        (InFlight, _isFullInFlight) = (0, false);
        Heard();
    }

    /// <summary>Forgets what waits.</summary>
    public void Clear()
    {
        _fresh.Clear();
        _due.Clear();
        _failed.Clear();
    }

    /// <summary>Queues an account that the node does not know, in front of all that are merely due.</summary>
    public void AddFresh(AccountRef account) => _fresh.Enqueue(account);

    /// <summary>Queues an account that is due.</summary>
    public void AddDue(AccountRef account) => _due.Enqueue(account);

    /// <summary>The next account to tell, if there is one.</summary>
    public bool TryTake(out AccountRef account)
    {
        if (_fresh.TryDequeue(out account))
            return true;
        if (_due.TryDequeue(out account))
            return true;
        if (_fresh.Capacity > CapacityKept)
            _fresh.TrimExcess();
        if (_due.Capacity > CapacityKept)
            _due.TrimExcess();
        return false;
    }

    /// <summary>A request was sent.</summary>
    public void Sent(bool isFull)
    {
        InFlight++;
        _isFullInFlight |= isFull;
    }

    /// <summary>A request of this session was answered, whatever the answer.</summary>
    public void Answered(int session)
    {
        if (Ended(session))
            Heard();
    }

    /// <summary>A request of this session got no answer; its accounts are told again at a later slow check.</summary>
    public void Failed(int session, IReadOnlyList<AccountRef> accounts)
    {
        if (Ended(session))
            _failed.AddRange(accounts);
    }

    /// <summary>A slow check: queues again what failed, unless nothing has been answered for longer than that makes sense.</summary>
    public void RepeatFailed()
    {
        if (_failed.Count == 0 || --_checksLeft > 0)
            return;
        if (++_repeats >= RepeatsAtOnceMax)
            _checksApart = Math.Min(2 * _checksApart, ChecksApartMax);
        _checksLeft = _checksApart;
        // One may have failed again in its turn meanwhile.
        foreach (var account in _failed.Distinct())
            _due.Enqueue(account);
        _failed.Clear();
        _failed.Capacity = 0;
    }

    private void Heard() => (_repeats, _checksApart, _checksLeft) = (0, 1, 1);

    private bool Ended(int session)
    {
        if (session != Session)
            return false;
        InFlight--;
        _isFullInFlight = false;
        return true;
    }
}
