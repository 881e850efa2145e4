using System.Text.Json;
using Simulation.Running;
using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Hosting.Bus;

namespace Simulation.Sending;

/// <summary>One running sender: everything between its queue and its provider is the senders' own code.</summary>
internal sealed class SenderProcess : IPushProvider
{
    // Instruments are for a whole process; one set serves all seeds.
    private static readonly DeliveryMetrics Metrics = new(new PushApps("simulated", [], defaultApp: null));

    private readonly Scheduler _scheduler;
    private readonly SendingWorld _world;
    private readonly Process _process;
    private readonly GateWatch _watch;
    private readonly TokenWatch.Doubts _doubts;

    /// <summary>Starts one; must run in its process.</summary>
    public SenderProcess(Scheduler scheduler, SendingWorld world, Process process)
    {
        (_scheduler, _world, _process) = (scheduler, world, process);
        var settings = world.Settings;
        var options = new GateOptions
        {
            InFlightMax = InFlightMax,
            PerMinuteMax = PerMinuteMax,
            OutageAttempts = settings.OutageAttempts,
            HoldMax = TimeSpan.FromSeconds(settings.HoldSeconds),
            RampUp = TimeSpan.FromSeconds(settings.RampUpSeconds),
            Random = scheduler.Random,
        };
        var gate = new ProviderGate(Name, options, scheduler.Time, NullLogger.Instance);
        _watch = new GateWatch(scheduler, process.Name, gate, options);
        _doubts = new TokenWatch.Doubts(scheduler, process.Name);
        var broker = world.Broker;
        var reports = new DeliveryReports(
            broker.Publisher<PushAccepted>(_ => { }), broker.Publisher<PushExpired>(world.Expired), broker.Publisher<PushDeadLettered>(world.Ledger.DeadLettered),
            new BelievedDeaths(_doubts, broker.Publisher<DeviceTokenInvalidated>(world.Invalidated)), scheduler.Time);
        var consequences = new PushConsequences(
            reports, new Parking(settings.Ladder, broker.ParkingPublisher), Metrics, settings, scheduler.Time, scheduler.Random, NullLogger.Instance);
        var app = new PushApp(AppName.Default, this, gate, new MassFailureGuard(scheduler.Time), holding: null);
        var sender = new PushSender(
            new PushApps(Name, [app], AppName.Default), Device.Tokens, new RecentPushes(scheduler.Time), consequences, new ThrottledDevices(scheduler.Time),
            new SuspectDevices(TimeSpan.FromSeconds(settings.SuspectSeconds), scheduler.Time.GetUtcNow()), Metrics, scheduler.Time, scheduler.Random, NullLogger.Instance);
        var consumer = broker.Connect(process, (push, frame) => sender.SettleAsync(push, frame, isOwnQueue: false, CancellationToken.None));
        gate.LongPause = isPaused => broker.Pause(consumer, isPaused);
    }

    public string Name => Provider.Dummy;

    public int InFlightMax => _world.InFlightMax;

    public int? PerMinuteMax => _world.PerMinuteMax;

    public DeviceReading Read(JsonElement serviceInfo) => throw new NotSupportedException("Nobody subscribes here.");

    public async Task<DeliveryOutcome> SendAsync(EncryptedPush push, string deviceToken, CancellationToken cancellationToken)
    {
        _world.Ledger.AttemptBegins(push);
        var isProbe = _watch.Begins();
        var latency = _world.Weather.Latency();
        await Task.Delay(latency * _scheduler.Random.NextDouble(), _scheduler.Time, cancellationToken);
        DeliveryOutcome? outcome = null;
        var device = _world.Devices[Device.NumberOf(deviceToken)];
        try
        {
            outcome = _world.Weather.Answer(device, _scheduler.Time.GetUtcNow());
        }
        finally
        {
            // The provider has it from here on, whether we live to hear it or not.
            outcome ??= new DeliveryOutcome.RetryLater("fault", new RetryPace(TimeSpan.FromSeconds(15)));
            _world.Ledger.AttemptEnds(push, outcome);
            _watch.Ends(isProbe, outcome);
            _doubts.Count(outcome);
            if (outcome is DeliveryOutcome.TokenDead { LooksLikeOurs: true } && device.GoneSince is null)
                _world.Tokens.LooksDead(device);
            _scheduler.Trace.Add(_scheduler.Time.Elapsed, $"{_process.Name} sends push {_world.Ledger.NumberOf(push)} to device {device.Number}: {outcome.Class} {outcome.Reason}");
        }

        return outcome;
    }

    public void Dispose()
    {
    }

    // What the guard decided is seen the moment it is reported, however long the report takes.
    private sealed class BelievedDeaths(TokenWatch.Doubts doubts, IPublisher<DeviceTokenInvalidated> publisher) : IPublisher<DeviceTokenInvalidated>
    {
        public Task PublishAsync(DeviceTokenInvalidated item, CancellationToken cancellationToken)
        {
            if (item.Reason == SendingWorld.DoubtfulReason)
                doubts.Believes();
            return publisher.PublishAsync(item, cancellationToken);
        }

        public ValueTask DisposeAsync() => publisher.DisposeAsync();
    }
}
