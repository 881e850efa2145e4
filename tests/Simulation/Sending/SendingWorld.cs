using Simulation.Running;
using Sotto.Contracts;
using Sotto.Delivery;

namespace Simulation.Sending;

/// <summary>Senders of one provider between a broker that comes and goes, a provider with its weather, and people who remove their apps and return.</summary>
internal sealed class SendingWorld : World
{
    /// <summary>What a provider says when a setting of ours may be to blame.</summary>
    public const string DoubtfulReason = "wrong topic";

    private static readonly TimeSpan StormsEnd = TimeSpan.FromMinutes(20);

    // The longest wait of the ladder, a budget, and a last pause: whatever still waits then waits for ever.
    private static readonly TimeSpan DrainMax = TimeSpan.FromHours(6);
    private static readonly double[] LifetimesSeconds = [20, 300, 3_600, 14 * 86_400];

    private int _born;

    public SendingWorld(Scheduler scheduler)
        : base(scheduler)
    {
        var random = scheduler.Random;
        Settings = new DeliverySettings
        {
            OutageAttempts = random.Next(2, 10),
            RampUpSeconds = random.Next(1, 60),
            HoldSeconds = random.Next(0, 20),
            SuspectSeconds = random.Next(2) * random.Next(1, 120),
        };
        InFlightMax = random.Next(1, 17);
        // A third of the worlds has a quota; tight ones where little goes at one time.
        PerMinuteMax = InFlightMax % 3 == 0 ? 200 * InFlightMax : null;
        Devices = [.. Enumerable.Range(0, random.Next(3, Device.CountMax + 1)).Select(number => new Device(number, scheduler.Time.GetUtcNow()))];
        Ledger = new PushLedger(scheduler, Settings.Ladder, TimeSpan.FromMinutes(Settings.RetryMinutesMax));
        Broker = new PushBroker(scheduler, Ledger);
        Tokens = new TokenWatch(scheduler, Devices);
        Weather = new Weather(scheduler, StormsEnd);
    }

    public DeliverySettings Settings { get; }

    public int InFlightMax { get; }

    public int? PerMinuteMax { get; }

    public IReadOnlyList<Device> Devices { get; }

    public PushLedger Ledger { get; }

    public PushBroker Broker { get; }

    public TokenWatch Tokens { get; }

    public Weather Weather { get; }

    public override void Play()
    {
        for (var senders = Scheduler.Random.Next(1, 4); senders > 0; senders--)
            Scheduler.After(TimeSpan.Zero, StartSender);
        for (var pushes = Scheduler.Chance(0.3) ? Scheduler.Random.Next(100, 250) : Scheduler.Random.Next(5, 60); pushes > 0; pushes--)
            Scheduler.After(Scheduler.Between(0, StormsEnd.TotalSeconds), SendPush);
        foreach (var device in Devices.Where(_ => Scheduler.Chance(0.4)))
            Scheduler.After(Scheduler.Between(0, StormsEnd.TotalSeconds), () => Leave(device));
        // Half of the seeds are quiet: then nothing may come twice.
        if (Scheduler.Chance(0.5))
            PlanHarm();
        Scheduler.RunUntil(StormsEnd + DrainMax);
        if (Scheduler.Violation is null)
            Ledger.Close();
    }

    public void Expired(PushExpired report) => Ledger.Expired(report.PushId);

    public void Invalidated(DeviceTokenInvalidated report) => Scheduler.After(Scheduler.Between(0, 60), () => Tokens.Invalidated(report));

    private void StartSender()
    {
        var process = new Process(Scheduler, $"sender {++_born}");
        // Somebody starts it again.
        process.Died = () => Scheduler.After(Scheduler.Between(0, 10), StartSender);
        process.Post(() => _ = new SenderProcess(Scheduler, this, process));
        _running.Add(process);
    }

    private readonly List<Process> _running = [];

    private void PlanHarm()
    {
        Broker.ConfirmLoss = Scheduler.Chance(0.5) ? 0.02 : 0;
        for (var harms = Scheduler.Random.Next(1, 10); harms > 0; harms--)
            Scheduler.After(Scheduler.Between(0, StormsEnd.TotalSeconds), Harm);
    }

    private void Harm()
    {
        _running.RemoveAll(process => !process.IsAlive);
        var victim = _running.Count == 0 ? null : _running[Scheduler.Random.Next(_running.Count)];
        switch (Scheduler.Random.Next(4))
        {
            case 0:
                Broker.Restart();
                break;
            case 1:
                victim?.StopFor(Scheduler.Between(1, 90));
                break;
            default:
                victim?.KillAfter(Scheduler.Random.Next(200));
                break;
        }
    }

    private void SendPush()
    {
        var now = Scheduler.Time.GetUtcNow();
        var subscribed = Devices.Where(device => device.IsSubscribed).ToList();
        if (subscribed.Count == 0)
            return;
        var device = subscribed[Scheduler.Random.Next(subscribed.Count)];
        var id = new byte[16];
        Scheduler.Random.NextBytes(id);
        var push = new EncryptedPush
        {
            PushId = new Guid(id),
            Provider = Provider.Dummy,
            DeviceId = device.Id,
            SealedDeviceToken = device.SealedToken,
            Payload = [1],
            HeardAt = now,
            ExpiresAt = now + TimeSpan.FromSeconds(LifetimesSeconds[Scheduler.Random.Next(LifetimesSeconds.Length)] * (0.5 + Scheduler.Random.NextDouble())),
        };
        Ledger.Sent(push);
        Broker.Enqueue(push);
    }

    private void Leave(Device device)
    {
        device.GoneSince = Scheduler.Time.GetUtcNow();
        Say($"device {device.Number} goes");
        if (Scheduler.Chance(0.7))
            Scheduler.After(Scheduler.Between(0.01, 200), () => Return(device));
    }

    private void Return(Device device)
    {
        // A device that subscribes is there first.
        device.GoneSince = null;
        device.RenewedAt = Scheduler.Time.GetUtcNow();
        device.IsSubscribed = true;
        Say($"device {device.Number} subscribes again");
    }
}
