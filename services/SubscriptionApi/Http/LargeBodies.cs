namespace SubscriptionApi.Http;

/// <summary>Bounds the memory of large bodies: only so many are held at one time.</summary>
internal sealed class LargeBodies(OnionSettings settings)
{
    /// <summary>From this length on, in bytes, a body needs a place: well above the 100,000 bytes of the largest subscription that is taken, with its layers.</summary>
    public const int FromBytes = 256 * 1024;

    private int _free = settings.LargeBodiesMax;

    /// <summary>A request's claim; take it when the body grows large, dispose it when the body is no longer needed.</summary>
    public Place Claim() => new(this);

    private bool TryTake()
    {
        if (Interlocked.Decrement(ref _free) >= 0)
            return true;
        Interlocked.Increment(ref _free);
        return false;
    }

    internal sealed class Place(LargeBodies all) : IDisposable
    {
        private bool _taken;

        public bool TryTake() => _taken || (_taken = all.TryTake());

        public void Dispose()
        {
            if (_taken)
                Interlocked.Increment(ref all._free);
            _taken = false;
        }
    }
}
