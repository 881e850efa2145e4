using System.Text.Json;
using Sotto.Dev.Chaos;
using Sotto.Dev.Running;
using Sotto.Ledger;
using Phone = Sotto.FakePhone.FakePhone;

namespace EndToEnd.Tests.Tools;

/// <summary>The books of a chaos run, with losses planted in what its witnesses saw: each must be told, and only what the harm explains may be excused.</summary>
public sealed class ChaosBooksTests
{
    private static readonly DateTimeOffset Noon = TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1);

    [TestCase(-50, 0)]
    [TestCase(-90, 1)]
    public void What_was_accepted_long_before_its_device_went_is_not_superseded(int at, int lost)
    {
        var story = new Story();
        story.Device.GoneFrom = Noon;
        story.Tell(at);

        Assert.That(story.Judge(), Has.Property(nameof(Verdict.Lost)).EqualTo(lost).And.Property(nameof(Verdict.Superseded)).EqualTo(1 - lost));
    }

    [Test]
    public void What_was_held_up_when_its_device_went_is_superseded()
    {
        var story = new Story();
        story.Device.GoneFrom = Noon;
        story.Tell(-90);
        story.Do("Pause Encryptor", -80, -45);

        Assert.That(story.Judge().Superseded, Is.EqualTo(1));
    }

    [TestCase(8, "", 0, 1)]
    [TestCase(2, "", 0, 0)]
    [TestCase(8, "BrokerKill RabbitMQ", 3, 0)]
    [TestCase(8, "BrokerKill RabbitMQ", -60, 1)]
    [TestCase(8, "DatabaseFull PostgreSQL", 3, 0)]
    [TestCase(8, "Pause Encryptor-2", 3, 0)]
    [TestCase(8, "Pause FcmSender", 3, 1)]
    [TestCase(8, "ProviderOutage FakeFcm 503", 3, 1)]
    [TestCase(8, "NodeChurn 4 restart", 3, 1)]
    public void A_short_life_excuses_no_push_that_nobody_hindered_from_being_sealed(int life, string harm, int from, int lost)
    {
        var story = new Story();
        story.Tell(0, life);
        story.Do(harm, from, from + 1);

        Assert.That(story.Judge(), Has.Property(nameof(Verdict.Lost)).EqualTo(lost).And.Property(nameof(Verdict.Expired)).EqualTo(1 - lost));
    }

    [TestCase("FcmSender", -5, 0)]
    [TestCase("FcmSender", -60, 1)]
    [TestCase("ApnsSender", -5, 1)]
    public void A_wrong_clock_excuses_only_what_its_own_service_said_while_it_was_wrong(string whose, int from, int lost)
    {
        var story = new Story();
        story.Tell(0, life: 10);
        story.Expire(story.Seal(), 2);
        story.Do($"ClockStep {whose} 30", from, from + 10);

        Assert.That(story.Judge().Lost, Is.EqualTo(lost));
    }

    [TestCase("ProviderOutage FakeFcm 503", 0, 0)]
    [TestCase("ProviderOutage FakeFcm 503", -30, 0)]
    [TestCase("ProviderOutage FakeFcm 503", -90, 1)]
    [TestCase("ProviderOutage FakeFcm 503", 5, 1)]
    [TestCase("ProviderOutage FakeApns 503", 0, 1)]
    public void Who_has_no_time_left_for_another_try_may_give_up(string harm, int from, int lost)
    {
        var story = new Story();
        story.Tell(0, life: 10);
        story.Expire(story.Seal(), 3);
        story.Do(harm, from, from + 5);

        Assert.That(story.Judge().Lost, Is.EqualTo(lost));
    }

    [TestCase("ProviderSlow FakeFcm 500", 0)]
    [TestCase("ProviderOutage FakeFcm 503", 1)]
    [TestCase("ProviderOutage FakeFcm refuse", 1)]
    [TestCase("ProviderLostAnswer FakeFcm 3", 1)]
    public void Only_a_slow_provider_excuses_a_late_push(string harm, int late)
    {
        var story = new Story();
        story.Tell(0, life: 1);
        story.Ring(20);
        story.Do(harm, 15, 18);

        Assert.That(story.Judge().Late, Is.EqualTo(late));
    }

    [TestCase(30, "", 0)]
    [TestCase(90, "", 1)]
    [TestCase(90, "Pause Encryptor", 0)]
    public void A_push_for_a_device_that_withdrew_long_ago_is_misdirected(int at, string harm, int misdirected)
    {
        var story = new Story();
        (story.Device.GoneFrom, story.Device.WithdrawnAt) = (Noon.AddSeconds(-1), Noon);
        story.Tell(at);
        story.Ring(at + 1);
        story.Do(harm, 0, 35);

        Assert.That(story.Judge().Misdirected, Is.EqualTo(misdirected));
    }

    [TestCase(-30, 0)]
    [TestCase(-90, 1)]
    public void A_push_of_a_message_from_long_before_its_device_came_is_misdirected(int at, int misdirected)
    {
        var story = new Story();
        (story.Device.SubscribingFrom, story.Device.SubscribedAt) = (Noon, Noon);
        story.Tell(at);
        story.Ring(1);

        Assert.That(story.Judge().Misdirected, Is.EqualTo(misdirected));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_dead_letter_is_what_the_keeper_has_kept(bool isKept)
    {
        var story = new Story();
        story.Tell(0);
        var push = story.Seal();
        if (isKept)
            story.Keep(push);

        Assert.That(story.Judge(), Has.Property(nameof(Verdict.DeadLettered)).EqualTo(isKept ? 1 : 0).And.Property(nameof(Verdict.Lost)).EqualTo(isKept ? 0 : 1));
    }

    [TestCase("TOKEN_DEAD", 5, 1)]
    [TestCase("PAYLOAD_BAD", 5, 1)]
    [TestCase("RETRY_LATER", 5, 1)]
    [TestCase("THROTTLED", 1_200, 1)]
    [TestCase("RETRY_LATER", 3_600, 0)]
    [TestCase("CREDENTIAL_BAD", 3_600, 1)]
    public void A_push_that_could_still_have_been_delivered_had_not_to_be_given_up(string outcome, int at, int troubles)
    {
        var story = new Story();
        story.Tell(0);
        story.Keep(story.Seal(), outcome, at);

        Assert.That(story.Inquire(), Has.Count.EqualTo(troubles));
    }

    [TestCase(60, 1)]
    [TestCase(200, 0)]
    public void A_token_is_dead_when_it_has_died(int at, int troubles)
    {
        var story = new Story(Role.Dying);
        story.Device.GoneFrom = Noon.AddSeconds(180);
        story.Tell(0);
        story.Keep(story.Seal(), "TOKEN_DEAD", at);

        Assert.That(story.Inquire(), Has.Count.EqualTo(troubles));
    }

    [Test]
    public void A_payload_is_bad_as_often_as_its_provider_was_told_to_say_so()
    {
        var story = new Story();
        story.Tell(0);
        story.Refuse();
        story.Keep(story.Seal());

        Assert.That(story.Inquire(), Is.Empty);

        story.Keep(story.Seal());

        Assert.That(story.Inquire().Single(), Does.StartWith("1 pushes were given up as PAYLOAD_BAD"));
    }

    // The provider has two senders, of which neither knows what the other has handed over.
    [TestCase("FcmSender", 0)]
    [TestCase("FcmSender-2", 0)]
    [TestCase("Encryptor-2", 0)]
    [TestCase("ApnsSender", 1)]
    [TestCase("WebPushSender", 1)]
    public void The_end_of_either_sender_excuses_a_copy_at_its_own_provider(string whose, int unexcused)
    {
        var story = new Story();
        story.Tell(0);
        story.End(whose, 2);
        story.Ring(20);
        story.Ring(30);

        Assert.That(story.Judge().Unexcused, Is.EqualTo(unexcused));
    }

    [TestCase("", 1)]
    [TestCase("Pause SwarmListener", 0)]
    [TestCase("DatabaseKill PostgreSQL", 0)]
    [TestCase("Pause Encryptor", 1)]
    [TestCase("BrokerKill RabbitMQ", 1)]
    [TestCase("NodeChurn 4 down", 1)]
    [TestCase("NodeChurn 4 split", 0)]
    public void A_message_that_nobody_heard_is_lost_unless_the_listeners_were_harmed(string harm, int lost)
    {
        var story = new Story();
        story.Tell(0, isHeard: false);
        story.Do(harm, -2, 2);

        Assert.That(story.Judge(), Has.Property(nameof(Verdict.Lost)).EqualTo(lost).And.Property(nameof(Verdict.Accepted)).EqualTo(lost));
    }

    [TestCase(-20, 1)]
    [TestCase(-10, 0)]
    [TestCase(5, 0)]
    [TestCase(25, 1)]
    public void A_listener_that_ended_excuses_what_was_told_near_its_end(int at, int lost)
    {
        var story = new Story();
        story.Tell(0, isHeard: false);
        story.End("SwarmListener-2", at);

        Assert.That(story.Judge().Lost, Is.EqualTo(lost));
    }

    [TestCase(-5, 0)]
    [TestCase(-20, 1)]
    public void While_both_listeners_start_again_nobody_hears(int back, int lost)
    {
        var story = new Story();
        story.Tell(0, isHeard: false);
        story.End("SwarmListener", -31, back);
        story.End("SwarmListener-2", -30, back);

        Assert.That(story.Judge().Lost, Is.EqualTo(lost));
    }

    [TestCase(-5, 0)]
    [TestCase(-25, 1)]
    public void What_expires_while_an_Encryptor_starts_again_need_not_be_sealed(int back, int lost)
    {
        var story = new Story();
        story.Tell(0, life: 5);
        story.End("Encryptor", -30, back);

        Assert.That(story.Judge().Lost, Is.EqualTo(lost));
    }

    [Test]
    public void What_waited_for_the_broker_in_a_listener_that_then_ended_is_excused()
    {
        var story = new Story();
        story.Tell(0, isHeard: false);
        story.Do("BrokerRestart RabbitMQ", -1, 20);
        story.End("SwarmListener-2", 25);

        Assert.That(story.Judge().Accepted, Is.Zero);
    }

    [TestCase("NodeChurn 5 down")]
    [TestCase("NodeChurn 5 merge")]
    public void A_node_of_several_excuses_only_together_with_another(string other)
    {
        var story = new Story();
        story.Tell(0, isHeard: false);
        story.Do("NodeChurn 4 down", -2, 2);
        story.Do(other, -40, -35);

        Assert.That(story.Judge().Accepted, Is.Zero);
    }

    [TestCase("Done", 0)]
    [TestCase("BrokenOff", 0)]
    [TestCase("NotDone", 1)]
    public void What_was_not_done_excuses_nothing(string outcome, int unexcused)
    {
        var story = new Story();
        story.Tell(0);
        story.Ring(1);
        story.Ring(8);
        story.Do("WireCut FcmSender", 5, 6, Enum.Parse<FaultOutcome>(outcome));

        Assert.That(story.Judge().Unexcused, Is.EqualTo(unexcused));
    }

    [Test]
    public void Only_what_was_done_counts_as_a_fault()
    {
        var story = new Story();
        foreach (var outcome in Enum.GetValues<FaultOutcome>())
            story.Do("Kill Encryptor", 0, 0, outcome);
        var report = new ChaosReport
        {
            Options = new ChaosOptions { Seed = 1, Pushes = 1, Faults = 3, TimeMax = TimeSpan.FromMinutes(1), Scan = false, Folder = "" },
            Verdict = story.Judge(),
            Done = story.Done,
            Ends = [],
            Leaks = null,
            Drained = TimeSpan.Zero,
            Took = TimeSpan.Zero,
            Tell = _ => "",
            Troubles = [],
        };

        using var json = JsonDocument.Parse(report.ToJson());

        Assert.That(json.RootElement.GetProperty("faults").GetProperty("Kill").GetInt32(), Is.EqualTo(1));
        Assert.That(json.RootElement.GetProperty("faults_not_done").GetProperty("Kill").GetInt32(), Is.EqualTo(2));
    }

    [Test]
    public void A_key_that_is_taken_in_the_middle_of_the_run_is_looked_for_too()
    {
        var crowd = Crowd.Make(seed: 1, pushes: 25_000);
        var hunt = new LeakHunt(crowd);
        var device = crowd.Devices.First(one => one.Role == Role.Renewing);
        var first = device.Phone;

        device.ChangeKey();
        hunt.Look("push.apns", device.Phone.EnvelopeKey.Span);

        Assert.That(device.Phone, Is.Not.SameAs(first));
        Assert.That(hunt.Findings.Select(finding => finding.Secret), Is.EqualTo(new[] { $"envelope key of {device}" }));
    }

    // One phone of FCM, one message, and what became of it, in seconds after noon.
    private sealed class Story(Role role = Role.Steady)
    {
        private const string Message = "message";

        private readonly Dictionary<string, StoredMessage> _stored = new(StringComparer.Ordinal);
        private readonly Dictionary<string, DateTimeOffset> _heard = new(StringComparer.Ordinal);
        private readonly Dictionary<Guid, SealedPush> _pushes = [];
        private readonly Dictionary<Guid, DateTimeOffset> _expired = [];
        private readonly Dictionary<string, int> _refused = new(StringComparer.Ordinal);
        private readonly List<Letter> _letters = [];
        private readonly List<Ring> _rings = [];
        private readonly List<Ended> _ends = [];
        private readonly List<DoneFault> _done = [];

        public Device Device { get; } = new("phone", "firebase", Phone.Create(1), role, [0], []) { SubscribingFrom = Noon.AddMinutes(-10), SubscribedAt = Noon.AddMinutes(-10) };

        public IReadOnlyCollection<DoneFault> Done => _done;

        public void Tell(int at, int? life = null, bool isHeard = true)
        {
            _stored[Message] = new StoredMessage(Message, Device.Account, 0, Noon.AddSeconds(at), life is null ? null : Noon.AddSeconds(at + life.Value), Copies: 4);
            if (isHeard)
                _heard[Message] = Noon.AddSeconds(at);
        }

        public Guid Seal()
        {
            var push = Guid.NewGuid();
            _pushes[push] = new SealedPush(Device, Message, Noon.AddSeconds(1));
            return push;
        }

        public void Expire(Guid push, int at) => _expired[push] = Noon.AddSeconds(at);

        public void Keep(Guid push, string outcome = "PAYLOAD_BAD", int at = 2) => _letters.Add(new Letter(push, outcome, Attempts: 1, Noon.AddSeconds(at)));

        public void Refuse() => _refused[Device.Name] = _refused.GetValueOrDefault(Device.Name) + 1;

        public void Ring(int at) => _rings.Add(new Ring(Device, Message, Noon.AddSeconds(at), SimulatorCatalogue.Fcm, AnswerLost: false));

        // It is back three seconds later, unless it is said when.
        public void End(string label, int at, int? back = null)
        {
            var end = new Ended(label, Noon.AddSeconds(at), Place: null, IsInGoodOrder: false);
            end.Return(Noon.AddSeconds(back ?? at + 3));
            _ends.Add(end);
        }

        // Kind, target and detail; nothing is nothing.
        public void Do(string harm, int from, int until, FaultOutcome outcome = FaultOutcome.Done)
        {
            if (harm.Split(' ') is not [var kind, var target, .. var detail])
                return;
            var fault = new PlannedFault(0, Enum.Parse<FaultKind>(kind), target, string.Join(' ', detail), until - from);
            _done.Add(new DoneFault(fault, Noon.AddSeconds(from), Noon.AddSeconds(until), outcome, ""));
        }

        public Verdict Judge() => new ChaosBooks(Seen).Judge([], new Kept(_letters, []));

        public IReadOnlyList<string> Inquire() => Inquest.Of(Seen, new Kept(_letters, []));

        private Testimony Seen => new()
        {
            Crowd = new Crowd([Device]),
            Stored = _stored,
            Heard = _heard,
            Pushes = _pushes,
            ExpiredPushes = _expired,
            Rings = _rings,
            Refused = _refused,
            Ends = _ends,
            Done = _done,
        };
    }
}
