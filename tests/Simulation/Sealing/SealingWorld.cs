using Encryptor;
using Simulation.Running;
using Sotto.Contracts;

namespace Simulation.Sealing;

/// <summary>Encryptors between messages that come more than once, a database and a broker that break, and each other.</summary>
internal sealed class SealingWorld : World
{
    private static readonly EncryptorMetrics Metrics = new();
    private static readonly TimeSpan StormsEnd = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan DrainMax = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(1);

    private readonly EncryptorSettings _settings = new() { DuplicateWindow = TimeSpan.FromMinutes(1), PushLifetime = TimeSpan.FromHours(2) };
    private readonly List<Subscription> _subscriptions;
    private readonly ClaimDatabase _database;
    private readonly PushStore _pushes;
    private readonly List<List<MessageArrived>> _waiting = [];
    private readonly List<Process> _running = [];
    private int _born;
    private int _messages;

    public SealingWorld(Scheduler scheduler)
        : base(scheduler)
    {
        var accounts = scheduler.Random.Next(1, 5);
        _subscriptions =
        [
            .. Enumerable.Range(0, scheduler.Random.Next(1, Subscription.CountMax + 1)).Select(number => new Subscription(
                number, Subscription.AccountOf(scheduler.Random.Next(accounts)), scheduler.Chance(0.5) ? [0] : [-10, 0, 5],
                scheduler.Time.GetUtcNow() + (scheduler.Chance(0.2) ? scheduler.Between(60, 600) : TimeSpan.FromDays(1)))),
        ];
        _database = new ClaimDatabase(scheduler, _subscriptions, _settings.DuplicateWindow);
        _pushes = new PushStore(scheduler, _settings.PushLifetime);
    }

    public override void Play()
    {
        for (var encryptors = Scheduler.Random.Next(1, 4); encryptors > 0; encryptors--)
            Scheduler.After(TimeSpan.Zero, StartEncryptor);
        for (var messages = Scheduler.Random.Next(3, 40); messages > 0; messages--)
            Scheduler.After(Scheduler.Between(0, StormsEnd.TotalSeconds), Arrive);
        for (var at = TimeSpan.Zero; at < StormsEnd + DrainMax; at += _settings.DuplicateWindow / 10)
            Scheduler.After(at, _database.Rotate);
        // Half of the seeds are quiet: then nothing may come twice.
        if (Scheduler.Chance(0.5))
            PlanHarm();
        Scheduler.RunUntil(StormsEnd + DrainMax);
        if (Scheduler.Violation is null && _waiting.Count > 0)
            Scheduler.Break($"{_waiting.Count} frames were never acknowledged");
        if (Scheduler.Violation is null)
            _pushes.Close();
    }

    private void PlanHarm()
    {
        (_database.Trouble, _pushes.Trouble) = (Scheduler.Chance(0.5) ? 0.05 : 0, Scheduler.Chance(0.5) ? 0.05 : 0);
        _pushes.MayRepeat = true;
        for (var harms = Scheduler.Random.Next(0, 12); harms > 0; harms--)
        {
            Scheduler.After(Scheduler.Between(0, StormsEnd.TotalSeconds), () =>
            {
                _running.RemoveAll(process => !process.IsAlive);
                if (_running.Count > 0)
                    _running[Scheduler.Random.Next(_running.Count)].KillAfter(Scheduler.Random.Next(60));
            });
        }

        Scheduler.After(StormsEnd, () => (_database.Trouble, _pushes.Trouble) = (0, 0));
    }

    // A message, and its copies: from other members of the swarm, from two listeners, from a frame that came again.
    private void Arrive()
    {
        var now = Scheduler.Time.GetUtcNow();
        var lifetime = Scheduler.Chance(0.1) ? Scheduler.Between(1, 30) : Scheduler.Between(600, 14 * 86_400);
        var message = new MessageArrived
        {
            Account = Subscription.AccountOf(Scheduler.Random.Next(4)).ToArray(),
            MessageHash = $"{++_messages:d43}",
            Namespace = Scheduler.Chance(0.7) ? (short)0 : (short)Scheduler.Random.Next(-11, 7),
            StoredAtMilliseconds = now.ToUnixTimeMilliseconds(),
            ExpiresAtMilliseconds = (now + lifetime).ToUnixTimeMilliseconds(),
            Data = [1, 2, 3],
            HeardAt = now,
        };
        for (var copies = Scheduler.Random.Next(1, 4); copies > 0; copies--)
            Scheduler.After(Scheduler.Chance(0.7) ? Scheduler.Between(0, 0.02) : Scheduler.Between(0, 50), () => Enqueue([message]));
    }

    private void Enqueue(List<MessageArrived> frame)
    {
        _waiting.Add(frame);
        Scheduler.After(Scheduler.Between(0, 0.01), Deliver);
    }

    private void Deliver()
    {
        _running.RemoveAll(process => !process.IsAlive);
        if (_waiting.Count == 0)
            return;
        Scheduler.After(_running.Count == 0 ? Restart : TimeSpan.Zero, Deliver);
        if (_running.Count == 0)
            return;
        var frame = new List<MessageArrived>();
        for (var count = Scheduler.Random.Next(1, 4); count > 0 && _waiting.Count > 0; count--)
        {
            frame.AddRange(_waiting[0]);
            _waiting.RemoveAt(0);
        }

        var process = _running[Scheduler.Random.Next(_running.Count)];
        var inHand = new Frame(frame);
        process.Died += () => GiveBack(inHand);
        process.Start(() => ConsumeAsync(process, inHand));
    }

    private async Task ConsumeAsync(Process process, Frame frame)
    {
        var maker = new PushMaker(
            _database.Subscribers(), _database.Window(process), _pushes, Subscription.Keys, _settings, Metrics, Scheduler.Time, NullLogger<PushMaker>.Instance);
        var now = Scheduler.Time.GetUtcNow();
        var messages = new List<ArrivedMessage>();
        foreach (var item in frame.Items)
        {
            if (ArrivedMessage.Read(item, now, _settings.PushLifetime, out var message) is { } reason)
                Scheduler.Break($"a good message was refused: {reason}");
            else if (message.PushExpiresAt > now)
                messages.Add(message);
        }

        var expected = messages
            .SelectMany(message => _subscriptions.Where(subscription => ClaimDatabase.Matches(subscription, message, now)).Select(subscription => (message, subscription)))
            .Select(match => (Id: Subscription.Keys.PushId(match.subscription.PushProvider, match.subscription.DeviceId, match.message.Swarm.Hash), match.message)).ToList();
        foreach (var (id, message) in expected)
            _pushes.Expect(id, message.Swarm.ExpiryMilliseconds);
        try
        {
            await maker.WakeAsync(messages, now, CancellationToken.None);
            frame.IsDone = true;
            // The acknowledgement: from here on nobody else will do it.
            _pushes.CheckThere(expected.Select(match => match.Id));
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            Say($"{process.Name} fails on a frame");
            GiveBack(frame);
        }
    }

    private void GiveBack(Frame frame)
    {
        if (frame.IsDone)
            return;
        frame.IsDone = true;
        Scheduler.After(Scheduler.Between(0, 3), () => Enqueue(frame.Items));
    }

    private void StartEncryptor()
    {
        var process = new Process(Scheduler, $"encryptor {++_born}");
        process.Died = () => Scheduler.After(Scheduler.Between(0, 5), StartEncryptor);
        _running.Add(process);
    }

    private sealed class Frame(List<MessageArrived> items)
    {
        public List<MessageArrived> Items => items;

        public bool IsDone { get; set; }
    }
}
