using System.Reflection;
using MassTransit;
using MassTransit.RabbitMqTransport.Configuration;

namespace Sotto.Hosting.Bus;

/// <summary>How soon the bus comes back to a broker that was away.</summary>
internal static class BusReconnect
{
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(5);

    // Half a day of trying; then the endpoint begins anew.
    private const int TriesMax = 10_000;

    /// <summary>
    /// MassTransit tries again after 3, 6, 12, 24 and then every 30 seconds, and has no setting for it: a service would stand idle for half a minute beside a broker that is back.
    /// This replaces its policy by one with shorter pauses for the same faults. False when this version of MassTransit keeps it elsewhere; then it is as slow as it was made.
    /// </summary>
    public static bool ComeBackSoon(this IRabbitMqBusFactoryConfigurator rabbit)
    {
        const BindingFlags Inside = BindingFlags.Instance | BindingFlags.NonPublic;
        var host = rabbit.GetType().GetField("_hostConfiguration", Inside)?.GetValue(rabbit);
        var policy = typeof(RabbitMqHostConfiguration).GetField($"<{nameof(RabbitMqHostConfiguration.ReceiveTransportRetryPolicy)}>k__BackingField", Inside);
        if (host is not RabbitMqHostConfiguration configuration || policy is null)
            return false;

        var present = configuration.ReceiveTransportRetryPolicy;
        policy.SetValue(configuration, Retry.CreatePolicy(retry =>
        {
            retry.Handle<Exception>(present.IsHandled);
            retry.Exponential(TriesMax, PauseMin, PauseMax, PauseMin);
        }));
        return true;
    }
}
