namespace Sotto.FakeApns;

/// <summary>What Apple remembers of one connection: the team and key it is bound to, and when it last took a new provider token.</summary>
public sealed class ApnsConnection
{
    // A new token more often than this on one connection is refused (providers.md section 3.2).
    private static readonly TimeSpan TokenAgeMin = TimeSpan.FromMinutes(20);

    private readonly Lock _gate = new();
    private ApnsKey? _key;
    private string? _current;
    private string? _previous;
    private DateTimeOffset _takenAt;

    /// <summary>Takes a verified provider token, or says why not.</summary>
    internal ApnsRefusal? Take(string jwt, ApnsKey signer, DateTimeOffset now)
    {
        lock (_gate)
        {
            // Requests with the former token may still be under way when the new one has come.
            if (jwt == _current || jwt == _previous)
                return null;
            if (_key is not null && _key.TeamId != signer.TeamId)
                return ApnsRefusal.InvalidProviderToken;
            if (_key is not null && _key.KeyId != signer.KeyId)
                return ApnsRefusal.UnrelatedKeyIdInToken;
            if (_current is not null && now - _takenAt < TokenAgeMin)
                return ApnsRefusal.TooManyProviderTokenUpdates;
            (_key, _previous, _current, _takenAt) = (signer, _current, jwt, now);
            return null;
        }
    }
}
