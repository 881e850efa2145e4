namespace Sotto.FakeApns;

/// <summary>What Apple remembers of one connection: the team and key it is bound to, and when it last took a new provider token.</summary>
public sealed class ApnsConnection
{
    // A new token more often than this on one connection is refused (providers.md section 3.2).
    private static readonly TimeSpan TokenAgeMin = TimeSpan.FromMinutes(20);

    private readonly Lock gate = new();
    private ApnsKey? key;
    private string? current;
    private string? previous;
    private DateTimeOffset takenAt;

    /// <summary>Takes a verified provider token, or says why not.</summary>
    internal ApnsRefusal? Take(string jwt, ApnsKey signer, DateTimeOffset now)
    {
        lock (gate)
        {
            // Requests with the former token may still be under way when the new one has come.
            if (jwt == current || jwt == previous)
                return null;
            if (key is not null && key.TeamId != signer.TeamId)
                return ApnsRefusal.InvalidProviderToken;
            if (key is not null && key.KeyId != signer.KeyId)
                return ApnsRefusal.UnrelatedKeyIdInToken;
            if (current is not null && now - takenAt < TokenAgeMin)
                return ApnsRefusal.TooManyProviderTokenUpdates;
            (key, previous, current, takenAt) = (signer, current, jwt, now);
            return null;
        }
    }
}
