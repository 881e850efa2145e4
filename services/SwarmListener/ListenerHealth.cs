using Microsoft.Extensions.Diagnostics.HealthChecks;
using SwarmListener.Buckets;
using SwarmListener.Monitoring;
using SwarmListener.Nodes;
using SwarmListener.Storage;

namespace SwarmListener;

/// <summary>
/// Ready when the network is known and this instance holds its share, loaded. Without oxend at start a listener lives and says that it is not ready.
/// </summary>
internal sealed class ListenerHealth(ServiceNodeDirectory directory, BucketOwnership ownership, AccountKeeper keeper) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Complaint() is { } complaint ? HealthCheckResult.Unhealthy(complaint) : HealthCheckResult.Healthy());

    private string? Complaint()
    {
        if (!directory.IsKnown)
            return "The list of service nodes is not known: oxend has not answered yet.";
        // With more instances than buckets some hold none, and wait to step in.
        var isSpare = ownership.Instances > OwnedAccounts.BucketCount;
        if (ownership.Held == 0 && !isSpare)
            return "This instance holds no buckets.";
        return keeper.IsComplete || isSpare ? null : "The accounts of this instance's buckets are not loaded yet.";
    }
}
