using MassTransit;

namespace Sotto.Hosting.Bus;

/// <summary>Where a message has just been acknowledged, and where one has just come; connected only in a process that is to die at one of these places.</summary>
internal sealed class AcknowledgementWatch : IReceiveObserver
{
    public Task PreReceive(ReceiveContext context)
    {
        CrashPoint.Pass("bus.after-receive");
        return Task.CompletedTask;
    }

    public Task PostReceive(ReceiveContext context)
    {
        CrashPoint.Pass("bus.after-ack");
        return Task.CompletedTask;
    }

    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class
    {
        CrashPoint.Pass("bus.before-ack");
        return Task.CompletedTask;
    }

    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class => Task.CompletedTask;

    public Task ReceiveFault(ReceiveContext context, Exception exception) => Task.CompletedTask;
}
