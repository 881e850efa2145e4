using Microsoft.Extensions.Logging;

namespace Sotto.Hosting;

/// <summary>Events 1000 to 1099.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(1000, LogLevel.Information, "{Service} is ready; health and metrics at {AdminUrls}")]
    public static partial void Ready(this ILogger logger, string service, string adminUrls);

    [LoggerMessage(1001, LogLevel.Warning, "{Count} items for {Exchange} were not confirmed ({Error}); trying again in {Pause}")]
    public static partial void FrameNotConfirmed(this ILogger logger, string exchange, int count, string error, TimeSpan pause);

    [LoggerMessage(1002, LogLevel.Critical, "{What} has not ended after {Max}; this process ends itself, so that another can take its place")]
    public static partial void EndedByForce(this ILogger logger, string what, TimeSpan max);

    [LoggerMessage(1003, LogLevel.Critical, "Nobody has consumed from {Queue} for {Time} although the broker answers; this service ends, so that another can take its place")]
    public static partial void QueueDeserted(this ILogger logger, string queue, TimeSpan time);
}
