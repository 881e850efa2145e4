using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Sotto.Hosting.Settings;

namespace Sotto.Hosting.Bus;

/// <summary>Declares what a service needs before it starts, however often the broker breaks off meanwhile.</summary>
public static class StartDeclaration
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Runs <paramref name="declare"/>, again and again for <see cref="BusSetup.StartTimeout"/> while the broker is away, until it succeeds.</summary>
    /// <exception cref="SettingsException">The broker refuses this user, its password or what it wants to do: that will not mend itself.</exception>
    public static async Task DeclareAtStartAsync(this Broker broker, Func<IChannel, Task> declare, TimeProvider clock, CancellationToken cancellationToken)
    {
        var giveUpAt = clock.GetUtcNow() + BusSetup.StartTimeout;
        while (true)
        {
            try
            {
                await broker.WithChannelAsync(declare, cancellationToken);
                return;
            }
            catch (BrokerUnreachableException e) when (e.InnerException is AuthenticationFailureException)
            {
                throw new SettingsException("Setting ConnectionStrings:RabbitMq: the broker refuses this user or password.");
            }
            catch (OperationInterruptedException e) when (e.ShutdownReason is { ReplyCode: Constants.NotFound or Constants.AccessRefused } reason)
            {
                throw new SettingsException(
                    $"Setting ConnectionStrings:RabbitMq: the broker says '{reason.ReplyText}'. Either its user needs more rights, or Bus:Topology is Given and nobody has declared it yet (sotto access apply).");
            }
            // It may be starting or stopping beside us, or break off in the middle of a greeting.
            catch (Exception e) when (IsAway(e) && clock.GetUtcNow() < giveUpAt && !cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    private static bool IsAway(Exception e) => TransientRetry.IsTransient(e) || e is OperationCanceledException or IOException || e is OperationInterruptedException { ShutdownReason.ReplyCode: Constants.ConnectionForced };
}
