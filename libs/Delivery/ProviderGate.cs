using Microsoft.Extensions.Logging;

namespace Sotto.Delivery;

/// <summary>
/// Stands before one provider: lets so many attempts through at one time, and in a minute where the provider has a quota, and closes when the provider says or shows that all of
/// them are in vain. After a pause one attempt goes as a probe; if it is answered, the others follow, ever more of them. Thread-safe.
/// </summary>
/// <remarks>Nothing is decided here about a single push; see <see cref="PushSender"/>.</remarks>
public sealed class ProviderGate : IDisposable
{
    private readonly string _provider;
    private readonly GateOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly Queue<Waiter> _waiters = [];
    private readonly ITimer _timer;
    private readonly AttemptAllowance? _allowance;
    private readonly ITimer _turns;
    private Pause? _closed;
    private long? _rampFrom;
    private GateReason _reason;
    private bool _probing;
    private bool _held;
    private bool _leaving;
    private bool _overQuota;
    private int _epoch;
    private int _pauses;
    private int _failures;
    private int _refusals;
    private int _inFlight;

    /// <summary>An open gate.</summary>
    public ProviderGate(string provider, GateOptions options, TimeProvider clock, ILogger logger)
    {
        _provider = provider;
        _options = options;
        _clock = clock;
        _logger = logger;
        _probing = options.BeginsWithProbe;
        _timer = clock.CreateTimer(_ => Probe(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _allowance = options.PerMinuteMax is { } perMinuteMax ? new AttemptAllowance(perMinuteMax, clock) : null;
        _turns = clock.CreateTimer(_ => GiveTurns(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Told true when a pause begins that is too long to wait through, and false when it is over, in that order. Called on any thread, inside the gate; must be quick.</summary>
    public Action<bool>? LongPause { get; set; }

    /// <summary>Why the gate is closed; <see cref="GateReason.None"/> when it is open, even if not yet to its full width.</summary>
    public GateReason Reason
    {
        get
        {
            lock (_gate)
                return _reason;
        }
    }

    /// <summary>True when attempts wait at most for each other: neither a pause nor what follows one holds them up, nor a quota.</summary>
    public bool IsWideOpen
    {
        get
        {
            lock (_gate)
                return _closed is null && !_probing && Limit() == _options.InFlightMax && !WaitsForQuota();
        }
    }

    /// <summary>True while attempts wait because more of them in this minute would break the provider's quota.</summary>
    public bool IsOverQuota
    {
        get
        {
            lock (_gate)
                return WaitsForQuota();
        }
    }

    /// <summary>Attempts that are under way.</summary>
    public int InFlight
    {
        get
        {
            lock (_gate)
                return _inFlight;
        }
    }

    /// <summary>How long the present pause still lasts; zero when there is none.</summary>
    public TimeSpan PausedFor
    {
        get
        {
            lock (_gate)
                return Rest();
        }
    }

    /// <summary>Waits for leave to make an attempt.</summary>
    /// <returns>The pass, to be given back by <see cref="Leave"/>; null when the gate is closed for longer than a push should wait in hand.</returns>
    public ValueTask<GatePass?> EnterAsync(CancellationToken cancellationToken) => EnterAsync(waitsForQuota: true, cancellationToken);

    /// <inheritdoc cref="EnterAsync(CancellationToken)"/>
    /// <param name="waitsForQuota">False for who would rather be sent away than wait until the provider's quota allows more.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<GatePass?> EnterAsync(bool waitsForQuota, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_gate)
        {
            // Nobody overtakes those who wait for their turn.
            if (_waiters.Count == 0 && MayPass())
                return Admit();
            if (_held || _leaving)
                return null;
            _waiters.Enqueue(waiter = new Waiter(waitsForQuota));
            AdmitWaiting();
        }

        await using var _ = cancellationToken.UnsafeRegister(static (state, token) => ((Waiter)state!).TrySetCanceled(token), waiter);
        return await waiter.Task;
    }

    /// <summary>Gives a pass back.</summary>
    /// <param name="pass">What <see cref="EnterAsync(CancellationToken)"/> gave.</param>
    /// <param name="outcome">What came of the attempt; null when nothing did.</param>
    public void Leave(GatePass pass, DeliveryOutcome? outcome)
    {
        lock (_gate)
        {
            _inFlight--;
            if (outcome is not null && pass.Epoch == _epoch && Judge(outcome))
                LongPause?.Invoke(true);
            AdmitWaiting();
        }
    }

    /// <summary>Ends a pause that refused credentials have caused: there may be others now.</summary>
    public void ProbeCredentials()
    {
        lock (_gate)
        {
            if (_reason != GateReason.Credential || _closed is null)
                return;
            _closed = new Pause(_clock.GetTimestamp(), TimeSpan.Zero);
        }

        Probe();
    }

    /// <summary>
    /// From now on nobody waits: who cannot be let through at once is sent away, as in a long pause. Said when the service is told to stop: so each push that was not
    /// attempted goes back to the broker by itself, and its frame is acknowledged with those that the provider has taken.
    /// </summary>
    public void StopWaiting()
    {
        lock (_gate)
        {
            _leaving = true;
            SendAway();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _turns.Dispose();
    }

    // True when a pause has begun that is too long to wait through.
    private bool Judge(DeliveryOutcome outcome)
    {
        switch (outcome)
        {
            case DeliveryOutcome.Postponed or DeliveryOutcome.CredentialBad { Scope: CredentialScope.Part } or DeliveryOutcome.RetryLater { OfPart: true }:
                return false;
            // One of another device may be the better probe.
            case DeliveryOutcome.CredentialBad { Scope: CredentialScope.AppOrDevice } when ++_refusals < _options.RefusalsMax:
                return false;
            case DeliveryOutcome.AuthRefresh when !_probing && ++_refusals < _options.RefusalsMax:
                return false;
            case DeliveryOutcome.CredentialBad or DeliveryOutcome.AuthRefresh:
                return Close(GateReason.Credential, outcome, _options.CredentialPace.After(_pauses, told: null, _options.Random));
            case DeliveryOutcome.Throttled { Scope: ThrottleScope.App or ThrottleScope.Provider } throttled:
                return Close(GateReason.Throttled, outcome, throttled.Pace.After(_pauses, throttled.Told, _options.Random));
            case DeliveryOutcome.RetryLater later when _probing || ++_failures >= _options.OutageAttempts:
                return Close(GateReason.Outage, outcome, _options.OutagePace.After(_pauses, later.Told, _options.Random));
            case DeliveryOutcome.RetryLater:
                return false;
            default:
                Answered();
                return false;
        }
    }

    private bool Close(GateReason reason, DeliveryOutcome outcome, TimeSpan pause)
    {
        _epoch++;
        _pauses++;
        _failures = _refusals = 0;
        _probing = false;
        _rampFrom = null;
        _reason = reason;
        _closed = new Pause(_clock.GetTimestamp(), pause);
        _held = pause > _options.HoldMax;
        _timer.Change(pause, Timeout.InfiniteTimeSpan);
        if (reason == GateReason.Outage)
            _logger.QueuePausedByOutage(_provider, outcome.Reason, pause);
        else
            _logger.QueuePaused(_provider, outcome.Class, outcome.Reason, pause);
        if (_held)
            SendAway();
        return _held;
    }

    private void SendAway()
    {
        while (_waiters.TryDequeue(out var waiter))
            waiter.TrySetResult(null);
    }

    private void Answered()
    {
        _failures = _refusals = 0;
        if (_probing)
        {
            _probing = false;
            _reason = GateReason.None;
            _rampFrom = _clock.GetTimestamp();
            _logger.QueueResumed(_provider);
        }
        else if (_rampFrom is { } from && _clock.GetElapsedTime(from) >= _options.RampUp)
        {
            _rampFrom = null;
            _pauses = 0;
        }
    }

    private void Probe()
    {
        lock (_gate)
        {
            if (_closed is null)
                return;
            // A pause may have been followed by a longer one while the timer was on its way.
            if (Rest() is var rest && rest > TimeSpan.Zero)
            {
                _timer.Change(rest, Timeout.InfiniteTimeSpan);
                return;
            }

            _closed = null;
            _probing = true;
            _epoch++;
            if (_held)
                LongPause?.Invoke(false);
            _held = false;
            AdmitWaiting();
        }
    }

    private void GiveTurns()
    {
        lock (_gate)
            AdmitWaiting();
    }

    private void AdmitWaiting()
    {
        while (_waiters.Count > 0 && MayPass())
        {
            var pass = Admit();
            if (!_waiters.Dequeue().TrySetResult(pass))
                _inFlight--;
        }

        if (_overQuota)
            SendImpatientAway();
    }

    private void SendImpatientAway()
    {
        for (var left = _waiters.Count; left > 0; left--)
        {
            var waiter = _waiters.Dequeue();
            if (waiter.WaitsForQuota)
                _waiters.Enqueue(waiter);
            else
                waiter.TrySetResult(null);
        }
    }

    // Uses up what it allows.
    private bool MayPass()
    {
        _overQuota = false;
        if (_closed is not null || _inFlight >= Limit())
            return false;
        if (_allowance is null || _allowance.TryTake(out var wait))
            return true;
        _overQuota = true;
        _turns.Change(wait, Timeout.InfiniteTimeSpan);
        return false;
    }

    // By a clock that nobody sets: a pause that lasts an hour longer would be an outage of our own.
    private TimeSpan Rest() => _closed is { } pause && _clock.GetElapsedTime(pause.Since) is var passed && passed < pause.Length ? pause.Length - passed : TimeSpan.Zero;

    private bool WaitsForQuota() => _overQuota && _waiters.Count > 0;

    private GatePass Admit()
    {
        _inFlight++;
        return new GatePass(_epoch);
    }

    private int Limit()
    {
        if (_probing)
            return 1;
        if (_rampFrom is not { } from)
            return _options.InFlightMax;
        var share = _clock.GetElapsedTime(from) / _options.RampUp;
        return share >= 1 ? _options.InFlightMax : Math.Max(1, (int)(share * _options.InFlightMax));
    }

    private readonly record struct Pause(long Since, TimeSpan Length);

    private sealed class Waiter(bool waitsForQuota) : TaskCompletionSource<GatePass?>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public bool WaitsForQuota => waitsForQuota;
    }
}
