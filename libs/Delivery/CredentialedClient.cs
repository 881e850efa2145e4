using Sotto.Hosting.Settings;

namespace Sotto.Delivery;

/// <summary>How to make a vendor's client from credentials.</summary>
/// <typeparam name="TClient">The client.</typeparam>
/// <param name="Source">Where the credentials are.</param>
/// <param name="Create">Makes a client from their text; throws <see cref="CredentialException"/> when they will not do.</param>
public sealed record CredentialPlan<TClient>(CredentialSource Source, Func<string, TClient> Create)
{
    /// <summary>Asks the vendor for a right to send, where that can be had without sending: null when it was given, else what it said. Null for none.</summary>
    public Func<TClient, CancellationToken, Task<DeliveryOutcome?>>? Prove { get; init; }

    /// <summary>When the credentials of a client end; null when they do not.</summary>
    public Func<TClient, DateTimeOffset?> EndsAt { get; init; } = _ => null;
}

/// <summary>
/// A vendor's client that is replaced while it is in use when its credentials change. New credentials are first read, then shown to the vendor where that can be done without
/// sending, and then tried with one push. Only when the vendor has not refused them does all the rest follow; until then, and if they are refused, the client from before goes on. A push is never
/// lost by it: the one that was refused goes once more by the old client. Thread-safe.
/// </summary>
/// <remarks>Replacing the whole client brings new connections, as a change of team or key demands at some vendors; requests on the old ones finish first.</remarks>
/// <typeparam name="TClient">The client.</typeparam>
public sealed class CredentialedClient<TClient> : IWatchedCredential, IDisposable
    where TClient : class, IDisposable
{
    // A new key may take a while until all of a vendor's servers know it.
    private static readonly TimeSpan RetryPause = TimeSpan.FromMinutes(1);

    private readonly CredentialPlan<TClient> _plan;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private Generation _current;
    private Generation? _trial;
    private bool _trying;
    private string _seen;
    private string? _judged;
    private DateTimeOffset? _retryAt;

    /// <summary>Reads the credentials for the first time.</summary>
    /// <exception cref="SettingsException">They cannot be read or will not do; the sentence names the setting.</exception>
    public CredentialedClient(CredentialPlan<TClient> plan, TimeProvider clock)
    {
        _plan = plan;
        _clock = clock;
        try
        {
            var text = plan.Source.Read();
            _seen = CredentialSource.FingerprintOf(text);
            _current = Create(text, _seen);
        }
        catch (CredentialException e)
        {
            throw new SettingsException($"Setting {plan.Source.Setting}: {e.Message}.");
        }
    }

    /// <inheritdoc/>
    public Action<CredentialNews>? Told { get; set; }

    /// <summary>The client in use, for who wants to watch it.</summary>
    public TClient Current
    {
        get
        {
            lock (_gate)
                return _current.Client;
        }
    }

    /// <inheritdoc/>
    public DateTimeOffset? EndsAt => _plan.EndsAt(Current);

    /// <summary>Makes one attempt by the client in use, or by the one on trial.</summary>
    public async Task<DeliveryOutcome> SendAsync(Func<TClient, Task<DeliveryOutcome>> attempt)
    {
        var generation = Enter(out var isTrial);
        DeliveryOutcome? outcome = null;
        try
        {
            outcome = await attempt(generation.Client);
        }
        finally
        {
            if (isTrial)
                EndTrial(generation, outcome);
            Leave(generation);
        }

        return isTrial && IsRefusal(outcome) ? await SendAsync(attempt) : outcome;
    }

    /// <inheritdoc/>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (!_plan.Source.IsWatched)
            return;
        string? text = null;
        var why = "";
        try
        {
            text = _plan.Source.Read();
        }
        catch (CredentialException e)
        {
            why = e.Message;
        }

        var fingerprint = text is null ? "" : CredentialSource.FingerprintOf(text);
        if (!IsNews(fingerprint))
            return;
        if (text is null)
            Refuse(fingerprint, why, again: null);
        else
            await JudgeAsync(text, fingerprint, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _current.Client.Dispose();
            _trial?.Client.Dispose();
        }
    }

    // Content counts when it was the same at the look before: a file that is being written is no news.
    private bool IsNews(string fingerprint)
    {
        var withdrawn = false;
        lock (_gate)
        {
            var isStill = fingerprint == _seen;
            _seen = fingerprint;
            if (!isStill || fingerprint == _trial?.Fingerprint)
                return false;
            if (fingerprint != _current.Fingerprint)
                return fingerprint != _judged || _clock.GetUtcNow() >= _retryAt;
            withdrawn = _judged is not null;
            (_judged, _retryAt) = (null, null);
            Discard(_trial);
        }

        if (withdrawn)
            Told?.Invoke(new CredentialNews(CredentialStep.Withdrawn));
        return false;
    }

    private async Task JudgeAsync(string text, string fingerprint, CancellationToken cancellationToken)
    {
        Generation next;
        try
        {
            next = Create(text, fingerprint);
        }
        catch (CredentialException e)
        {
            Refuse(fingerprint, e.Message, again: null);
            return;
        }

        try
        {
            if (_plan.Prove is { } prove && await prove(next.Client, cancellationToken) is { } said)
            {
                next.Client.Dispose();
                Refuse(fingerprint, $"the provider says {said.Class} {said.Reason}", again: RetryPause);
                return;
            }
        }
        catch
        {
            next.Client.Dispose();
            throw;
        }

        lock (_gate)
        {
            Discard(_trial);
            (_trial, _judged, _retryAt) = (next, null, null);
        }

        Told?.Invoke(new CredentialNews(CredentialStep.Offered));
    }

    private void Refuse(string fingerprint, string why, TimeSpan? again)
    {
        lock (_gate)
        {
            (_judged, _retryAt) = (fingerprint, _clock.GetUtcNow() + again);
            Discard(_trial);
        }

        Told?.Invoke(new CredentialNews(CredentialStep.Refused, why));
    }

    private Generation Create(string text, string fingerprint)
    {
        var client = _plan.Create(text);
        if (_plan.EndsAt(client) is { } end && end <= _clock.GetUtcNow())
        {
            client.Dispose();
            throw new CredentialException($"what {_plan.Source.Name} holds has ended on {end:u}");
        }

        return new Generation(client, fingerprint);
    }

    // One push at a time tries what is new; all others go as before.
    private Generation Enter(out bool isTrial)
    {
        lock (_gate)
        {
            isTrial = _trial is not null && !_trying;
            _trying |= isTrial;
            var generation = isTrial ? _trial! : _current;
            generation.Users++;
            return generation;
        }
    }

    private void Leave(Generation generation)
    {
        lock (_gate)
        {
            generation.Users--;
            if (generation is { Users: 0, IsRetired: true })
                generation.Client.Dispose();
        }
    }

    private void EndTrial(Generation generation, DeliveryOutcome? outcome)
    {
        lock (_gate)
        {
            _trying = false;
            // Something newer may have come, or the old content have come back.
            if (generation != _trial || outcome is null or DeliveryOutcome.RetryLater or DeliveryOutcome.Postponed)
                return;
            if (!IsRefusal(outcome))
            {
                var old = _current;
                (_current, _trial) = (generation, null);
                Discard(old);
            }
        }

        if (IsRefusal(outcome))
            Refuse(generation.Fingerprint, $"the provider says {outcome.Class} {outcome.Reason}", again: RetryPause);
        else
            Told?.Invoke(new CredentialNews(CredentialStep.Taken));
    }

    private static bool IsRefusal(DeliveryOutcome? outcome) => outcome is DeliveryOutcome.CredentialBad { Scope: not CredentialScope.Part } or DeliveryOutcome.AuthRefresh;

    // Goes when the last request has left it.
    private void Discard(Generation? generation)
    {
        if (generation is null)
            return;
        if (generation == _trial)
            _trial = null;
        generation.IsRetired = true;
        if (generation.Users == 0)
            generation.Client.Dispose();
    }

    private sealed class Generation(TClient client, string fingerprint)
    {
        public TClient Client => client;

        public string Fingerprint => fingerprint;

        public int Users { get; set; }

        public bool IsRetired { get; set; }
    }
}
