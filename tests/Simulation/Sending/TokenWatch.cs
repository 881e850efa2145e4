using Simulation.Running;
using Sotto.Contracts;
using Sotto.Delivery;

namespace Simulation.Sending;

/// <summary>
/// The API's side of a dead token: a subscription is withdrawn by what its statement says, if it was renewed before the death. And the truth beside
/// it: whether the device was really gone, and how many may be believed gone at once.
/// </summary>
internal sealed class TokenWatch(Scheduler scheduler, IReadOnlyList<Device> devices)
{
    /// <summary>What the API's statement says, and <see cref="Invalidated"/> does: a test compares them.</summary>
    public const string StatementOfTheApi = "held.renewed_at < dead_since";

    private static readonly TimeSpan SlotLength = TimeSpan.FromSeconds(10);
    private readonly HashSet<int> _wronglyBelieved = [];

    /// <summary>Subscriptions that ended.</summary>
    public int Withdrawn { get; private set; }

    /// <summary>A device looked dead to a sender only because of a setting of ours: it may be believed now and then, not often.</summary>
    public void LooksDead(Device device) => _wronglyBelieved.Add(device.Number);

    /// <summary>A sender's report reaches the API.</summary>
    public void Invalidated(DeviceTokenInvalidated report)
    {
        var device = devices.First(device => device.Id.AsSpan().SequenceEqual(report.DeviceId));
        if (!device.IsSubscribed || device.RenewedAt >= report.InvalidSince)
            return;
        device.IsSubscribed = false;
        Withdrawn++;
        scheduler.Trace.Add(scheduler.Time.Elapsed, $"device {device.Number} is withdrawn");
        if (device.GoneSince is null && !_wronglyBelieved.Remove(device.Number))
            scheduler.Break($"device {device.Number} was renewed, and yet withdrawn");
    }

    /// <summary>One sender's results, as the guard counts them.</summary>
    internal sealed class Doubts(Scheduler scheduler, string sender)
    {
        private readonly List<(DateTimeOffset At, bool IsDoubtful)> _results = [];

        /// <summary>Counts a result.</summary>
        public void Count(DeliveryOutcome outcome)
        {
            if (outcome is not DeliveryOutcome.Postponed)
                _results.Add((scheduler.Time.GetUtcNow(), outcome is DeliveryOutcome.TokenDead { LooksLikeOurs: true }));
        }

        /// <summary>It retires a token on the strength of a doubtful answer.</summary>
        public void Believes()
        {
            // The guard's window ends somewhere in its last slot.
            if (IsMassFailure(MassFailureGuard.Window) && IsMassFailure(MassFailureGuard.Window - SlotLength))
                scheduler.Break($"{sender} believes that a token is dead while everybody's seem to be");
        }

        private bool IsMassFailure(TimeSpan window)
        {
            var since = scheduler.Time.GetUtcNow() - window;
            var results = _results.Where(result => result.At > since).ToList();
            return results.Count >= MassFailureGuard.ResultsMin && results.Count(result => result.IsDoubtful) > MassFailureGuard.ShareMax * results.Count;
        }
    }
}
