using Simulation.Running;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Simulation.Sending;

/// <summary>
/// The broker as senders see it: delivers a frame until it is acknowledged, keeps what is parked for its time, may go away and come back, and may
/// keep what it did not confirm. It never loses anything.
/// </summary>
internal sealed class PushBroker(Scheduler scheduler, PushLedger ledger)
{
    private const int FramesInHandMax = 8;
    private const int MergedMax = 4;
    private const double SlowConfirms = 0.02;
    private static readonly TimeSpan PublisherPause = TimeSpan.FromSeconds(1);

    private readonly List<List<Delivery>> _waiting = [];
    private readonly List<Consumer> _consumers = [];
    private bool _isDown;

    /// <summary>How likely a frame's confirm is lost.</summary>
    public double ConfirmLoss { get; set; }

    /// <summary>Puts pushes into the queue as one frame.</summary>
    public void Enqueue(params IEnumerable<EncryptedPush> pushes)
    {
        var id = new byte[16];
        scheduler.Random.NextBytes(id);
        _waiting.Add([.. pushes.Select(push => new Delivery(push, new Guid(id)))]);
        Pump();
    }

    /// <summary>Delivers to this sender from now on.</summary>
    public Consumer Connect(Process process, Func<EncryptedPush, Guid, Task> settle)
    {
        var consumer = new Consumer(process, settle);
        _consumers.Add(consumer);
        process.Died += () =>
        {
            _consumers.Remove(consumer);
            scheduler.After(scheduler.Between(0, 5), () => TakeBack(consumer));
        };
        Pump();
        return consumer;
    }

    /// <summary>Changes whether this sender wants any.</summary>
    public void Pause(Consumer consumer, bool isPaused)
    {
        consumer.IsPaused = isPaused;
        Pump();
    }

    /// <summary>Goes away and comes back; whatever was not acknowledged is delivered again.</summary>
    public void Restart()
    {
        _isDown = true;
        scheduler.Trace.Add(scheduler.Time.Elapsed, $"the broker goes away");
        foreach (var consumer in _consumers)
            TakeBack(consumer);
        scheduler.After(scheduler.Between(1, 20), () =>
        {
            _isDown = false;
            scheduler.Trace.Add(scheduler.Time.Elapsed, $"the broker is back");
            Pump();
        });
    }

    /// <summary>Publishes until it is confirmed, as the services' publisher does.</summary>
    public IPublisher<T> Publisher<T>(Action<T> store)
        where T : class => new ConfirmedPublisher<T>(this, _ => { }, store);

    /// <summary>Publishes into the parking queue of a rung.</summary>
    public IPublisher<EncryptedPush> ParkingPublisher(TimeSpan rung) => new ConfirmedPublisher<EncryptedPush>(this, push => ledger.ParkingAsked(push, rung), push =>
    {
        ledger.Parked(push, rung);
        scheduler.After(rung, () => Return(push));
    });

    private void Return(EncryptedPush push)
    {
        ledger.Returned();
        Enqueue(push);
    }

    private void Pump()
    {
        if (!_isDown)
            scheduler.After(scheduler.Between(0, 0.01), Deliver);
    }

    private void Deliver()
    {
        if (_isDown || _waiting.Count == 0)
            return;
        var ready = _consumers.Where(consumer => !consumer.IsPaused && consumer.InHand.Count < FramesInHandMax).ToList();
        if (ready.Count == 0)
            return;
        var consumer = ready[scheduler.Random.Next(ready.Count)];
        var frame = new List<Delivery>();
        for (var count = scheduler.Random.Next(1, MergedMax + 1); count > 0 && _waiting.Count > 0; count--)
        {
            frame.AddRange(_waiting[0]);
            _waiting.RemoveAt(0);
        }

        consumer.InHand.Add(frame);
        consumer.Process.Start(() => ConsumeAsync(consumer, frame));
        Pump();
    }

    private async Task ConsumeAsync(Consumer consumer, List<Delivery> frame)
    {
        var parkings = frame.Select(delivery => ledger.ParkingsOf(delivery.Push)).ToList();
        await Task.WhenAll(frame.Select(delivery => consumer.Settle(delivery.Push, delivery.Frame)));
        // An acknowledgement of what was taken back in the meantime says nothing.
        if (!consumer.InHand.Remove(frame))
            return;
        for (var i = 0; i < frame.Count; i++)
            ledger.Acknowledged(frame[i].Push, parkings[i]);
        scheduler.World.Post(Pump);
    }

    private void TakeBack(Consumer consumer)
    {
        foreach (var frame in consumer.InHand)
        {
            foreach (var delivery in frame)
                ledger.MayRepeat(delivery.Push.PushId);
            _waiting.Insert(0, frame);
        }

        consumer.InHand.Clear();
        Pump();
    }

    /// <summary>A sender and the frames that it has not acknowledged.</summary>
    internal sealed class Consumer(Process process, Func<EncryptedPush, Guid, Task> settle)
    {
        public Process Process => process;

        public Func<EncryptedPush, Guid, Task> Settle => settle;

        public List<List<Delivery>> InHand { get; } = [];

        public bool IsPaused { get; set; }
    }

    /// <summary>A push, and the frame that it was put into the queue in.</summary>
    internal readonly record struct Delivery(EncryptedPush Push, Guid Frame);

    private sealed class ConfirmedPublisher<T>(PushBroker broker, Action<T> asked, Action<T> store) : IPublisher<T>
        where T : class
    {
        public async Task PublishAsync(T item, CancellationToken cancellationToken)
        {
            asked(item);
            while (true)
            {
                await broker.Wait(0.001, 0.02);
                if (broker._isDown)
                {
                    await Task.Delay(PublisherPause, broker.Time, cancellationToken);
                    continue;
                }

                store(item);
                await broker.ConfirmAsync();
                if (!broker.LosesConfirm())
                    return;
                if (PushOf(item) is { } pushId)
                    broker.Ledger.MayRepeat(pushId);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private static Guid? PushOf<T>(T item) => item switch
    {
        EncryptedPush push => push.PushId,
        PushDeadLettered letter => letter.PushId,
        PushExpired report => report.PushId,
        _ => null,
    };

    private SimulatedTime Time => scheduler.Time;

    private PushLedger Ledger => ledger;

    private Task Wait(double secondsMin, double secondsMax) => scheduler.Delay(scheduler.Between(secondsMin, secondsMax));

    // A confirm may take so long that what it confirms has been delivered before.
    private Task ConfirmAsync() => scheduler.Chance(SlowConfirms) ? Wait(0.02, 10) : Wait(0.001, 0.02);

    private bool LosesConfirm() => scheduler.Chance(ConfirmLoss);
}
