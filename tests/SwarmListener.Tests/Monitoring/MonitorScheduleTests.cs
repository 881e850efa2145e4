using Sotto.Session;
using SwarmListener.Monitoring;

namespace SwarmListener.Tests.Monitoring;

public sealed class MonitorScheduleTests
{
    private const uint Start = 1_800_000_000;
    private const ulong Low = 0x1000_0000_0000_0000;
    private const ulong High = 0x9000_0000_0000_0000;

    private readonly SwarmMap _map = new([Low, High]);
    private OwnedAccounts _accounts = null!;
    private MonitorSchedule _schedule = null!;
    private MonitorQueue _low = null!;
    private MonitorQueue _high = null!;

    [SetUp]
    public void Arrange()
    {
        _accounts = new OwnedAccounts();
        _schedule = new MonitorSchedule(_accounts, new Random(1));
        (_low, _high) = (new MonitorQueue(), new MonitorQueue());
        _schedule.Arrange(_map, [(_low, Low), (_high, High)]);
        _schedule.Connected(_low);
        _schedule.Connected(_high);
    }

    [Test]
    public void An_account_is_told_to_the_nodes_of_its_swarm_and_to_no_other()
    {
        Install(Accounts.At(Low), Accounts.At(Low, 1));

        Assert.That(Told(_low), Has.Count.EqualTo(2));
        Assert.That(Told(_high), Is.Empty);
    }

    [Test]
    public void A_node_that_connects_is_told_everything_of_its_swarm()
    {
        Install(Accounts.At(Low), Accounts.At(Low, 1));
        var late = new MonitorQueue();
        _schedule.Arrange(_map, [(_low, Low), (late, Low)]);

        Assert.That(Told(late), Is.Empty);
        _schedule.Connected(late);
        Assert.That(Told(late), Has.Count.EqualTo(2));
    }

    [Test]
    public void A_node_that_lost_its_connection_is_told_everything_again()
    {
        Install(Accounts.At(Low));
        Told(_low);

        _low.Disconnect();
        _schedule.Connected(_low);

        Assert.That(Told(_low), Has.Count.EqualTo(1));
    }

    [Test]
    public void What_is_new_goes_before_what_is_due()
    {
        var table = Install(Accounts.At(Low), Accounts.At(Low, 1));
        table.Put(Accounts.At(Low, 2), Accounts.Lasting(), "3:new"u8);
        _schedule.Announce(new AccountRef(BucketOf(Low), table.Find(Accounts.At(Low, 2))), Start);

        using var body = _schedule.Take(_low, Start)!;

        Assert.That(body.Count, Is.EqualTo(3));
        Assert.That(System.Text.Encoding.ASCII.GetString(body.Finish().Span), Does.StartWith("l3:new"));
    }

    [Test]
    public void Every_account_is_told_again_after_45_to_55_minutes_always()
    {
        Install([.. Enumerable.Range(0, 200).Select(i => Accounts.At(Low, (ulong)i))]);
        var last = Told(_low).ToDictionary(account => account, _ => Start);

        // Slow checks every 30 s, for five hours.
        for (var now = Start; now < Start + (5 * 3600); now += 30)
        {
            _schedule.Check(now);
            foreach (var account in Told(_low, now))
            {
                Assert.That(now - last[account], Is.InRange(45 * 60, (55 * 60) + 30));
                last[account] = now;
            }
        }

        Assert.That(last.Values, Is.All.GreaterThan(Start + (4 * 3600)));
    }

    [Test]
    public void Renewals_are_spread_over_the_ten_minutes()
    {
        Install([.. Enumerable.Range(0, 1000).Select(i => Accounts.At(Low, (ulong)i))]);
        Told(_low);

        var counts = new List<int>();
        for (var now = Start + (45 * 60); now <= Start + (55 * 60) + 60; now += 60)
        {
            _schedule.Check((uint)now);
            counts.Add(Told(_low, (uint)now).Count);
        }

        Assert.That(counts.Sum(), Is.EqualTo(1000));
        Assert.That(counts.Max(), Is.LessThan(200));
    }

    [Test]
    public void A_request_ends_at_five_million_bytes_and_the_next_waits_for_its_answer()
    {
        var table = new AccountTable();
        var text = new byte[1_000_000];
        for (var i = 0; i < 12; i++)
            table.Put(Accounts.At(Low, (ulong)i), Accounts.Lasting(), text);
        Install(BucketOf(Low), table);

        using var first = _schedule.Take(_low, Start)!;
        Assert.That(first.Count, Is.EqualTo(5));
        Assert.That(_low.MaySend, Is.False);

        _low.Answered(_low.Session);
        Assert.That(_low.MaySend, Is.True);
        using var second = _schedule.Take(_low, Start)!;
        _low.Answered(_low.Session);
        using var third = _schedule.Take(_low, Start)!;
        Assert.That(third.Count, Is.EqualTo(2));
    }

    [Test]
    public void A_node_has_few_requests_at_a_time()
    {
        for (var i = 0; i < MonitorQueue.InFlightMax; i++)
        {
            _low.AddFresh(default);
            Assert.That(_low.MaySend, Is.True);
            _low.Sent(isFull: false);
        }

        Assert.That(_low.MaySend, Is.False);
    }

    [Test]
    public void What_got_no_answer_is_told_again_at_the_next_check_and_then_ever_more_seldom()
    {
        Install(Accounts.At(Low));
        var told = new List<int>();
        for (var check = 0; check < 64; check++)
        {
            if (_schedule.Take(_low, Start) is { } body)
            {
                told.Add(check);
                _low.Failed(_low.Session, body.Accounts);
            }

            Assert.That(_low.MaySend, Is.False);
            _schedule.Check(Start);
        }

        Assert.That(told, Is.EqualTo(new[] { 0, 1, 2, 3, 5, 9, 17, 33, 49 }));
    }

    [Test]
    public void All_that_failed_at_one_time_is_told_at_the_next_check()
    {
        Install([.. Enumerable.Range(0, 4).Select(i => Accounts.At(Low + (ulong)i))]);
        var body = _schedule.Take(_low, Start)!;
        foreach (var account in body.Accounts.Chunk(1))
        {
            _low.Sent(isFull: false);
            _low.Failed(_low.Session, account);
        }

        _schedule.Check(Start);

        Assert.That(_schedule.Take(_low, Start)!.Accounts, Is.EquivalentTo(body.Accounts));
    }

    [Test]
    public void After_an_answer_what_fails_is_told_at_the_next_check_again()
    {
        Install(Accounts.At(Low));
        for (var check = 0; check < 8; check++)
        {
            if (_schedule.Take(_low, Start) is { } body)
                _low.Failed(_low.Session, body.Accounts);
            _schedule.Check(Start);
        }

        _low.Sent(isFull: false);
        _low.Answered(_low.Session);
        _schedule.Check(Start);

        Assert.That(_schedule.Take(_low, Start), Is.Not.Null);
    }

    [Test]
    public void The_outcome_of_an_earlier_connection_changes_nothing()
    {
        Install(Accounts.At(Low));
        var session = _low.Session;
        _schedule.Take(_low, Start)!.Dispose();
        _low.Disconnect();
        _schedule.Connected(_low);
        _schedule.Take(_low, Start)!.Dispose();

        _low.Answered(session);

        Assert.That(_low.InFlight, Is.EqualTo(1));
    }

    [Test]
    public void When_swarms_change_only_the_accounts_that_moved_are_told_again()
    {
        Install(Accounts.At(0x8000_0000_0000_0000));
        Install(Accounts.At(0xA000_0000_0000_0000));
        Told(_high);
        const ulong Middle = 0x7000_0000_0000_0000;
        var middle = new MonitorQueue();
        var map = new SwarmMap([Low, Middle, High]);
        _schedule.Arrange(map, [(_low, Low), (_high, High), (middle, Middle)]);
        _schedule.Connected(middle);

        Assert.That(Told(_high), Is.Empty);
        Assert.That(Told(middle).Select(account => account.Bucket), Is.EqualTo(new byte[] { 0x80 }));
    }

    [Test]
    public void A_node_that_moves_is_told_what_its_new_swarm_holds()
    {
        Install(Accounts.At(Low));
        Install(Accounts.At(High));
        Told(_low);
        Told(_high);

        _schedule.Arrange(_map, [(_low, High), (_high, High)]);

        Assert.That(Told(_low).Single().Bucket, Is.EqualTo(BucketOf(High)));
        Assert.That(Told(_high), Is.Empty);
    }

    [Test]
    public void Nothing_more_is_asked_for_a_bucket_that_leaves_but_its_nodes_are_still_needed()
    {
        Install(Accounts.At(Low));
        _accounts.Leave(BucketOf(Low));

        Assert.That(Told(_low), Is.Empty);
        _schedule.Check(Start + 3600);
        Assert.That(Told(_low), Is.Empty);
        Assert.That(_schedule.Needed, Does.Contain(Low));

        _accounts.Drop(BucketOf(Low));
        _schedule.Check(Start);
        Assert.That(_schedule.Needed, Is.Empty);
    }

    [Test]
    public void Whatever_happens_a_connected_node_has_been_told_all_accounts_of_its_swarm() =>
        Prop.ForAll(Seeds.Any, seed =>
        {
            var random = new Random(seed);
            var world = new World();
            for (var step = 0; step < 200; step++)
                world.Step(random);
            return world.IsComplete();
        }).QuickCheckThrowOnFailure();

    private static byte BucketOf(ulong space) => (byte)(space >> 56);

    private AccountTable Install(params AccountId[] accounts)
    {
        var table = Accounts.TableOf(accounts);
        Install(accounts[0].Bucket, table);
        return table;
    }

    private void Install(byte bucket, AccountTable table)
    {
        _accounts.Install(bucket, table);
        _schedule.AnnounceAll(bucket, Start);
    }

    private List<AccountRef> Told(MonitorQueue node, uint now = Start)
    {
        var told = new List<AccountRef>();
        while (_schedule.Take(node, now) is { } body)
        {
            told.AddRange(body.Accounts);
            node.Answered(node.Session);
            body.Dispose();
        }

        return told;
    }

    /// <summary>A small network to which anything may happen, and what each node knows.</summary>
    private sealed class World
    {
        private readonly OwnedAccounts _accounts = new();
        private readonly MonitorSchedule _schedule;
        private readonly (MonitorQueue Queue, HashSet<AccountId> Knows)[] _nodes =
            [.. Enumerable.Range(0, 6).Select(_ => (new MonitorQueue(), new HashSet<AccountId>()))];
        private readonly HashSet<int> _failedLast = [];
        private readonly ulong[] _swarmOfNode = new ulong[6];
        private readonly AccountTable _table = new();
        private uint _now = Start;
        private SwarmMap _map = new([0]);

        public World()
        {
            _schedule = new MonitorSchedule(_accounts, new Random(1));
            _accounts.Install(0, _table);
            Rearrange();
        }

        public void Step(Random random)
        {
            var node = random.Next(_nodes.Length);
            switch (random.Next(7))
            {
                case 0:
                    _nodes[node].Knows.Clear();
                    _schedule.Connected(_nodes[node].Queue);
                    break;
                case 1:
                    _nodes[node].Queue.Disconnect();
                    break;
                case 2:
                    // Swarms inside the one bucket, so that its accounts are dealt out among them.
                    _swarmOfNode[node] = (ulong)random.Next(3) << 54;
                    Rearrange();
                    break;
                case 3:
                    _schedule.Check(_now += 1800);
                    break;
                case 4:
                    // Not twice in a row: after some failures the accounts wait for their renewal.
                    Hear(node, isAnswered: _failedLast.Remove(node) || random.Next(4) > 0 || !_failedLast.Add(node));
                    break;
                default:
                    var account = Accounts.At((ulong)random.Next(8) << 53, (ulong)random.Next(5));
                    _table.Put(account, Accounts.Lasting(), Accounts.Request(account));
                    _schedule.Announce(new AccountRef(0, _table.Find(account)), _now);
                    break;
            }
        }

        public bool IsComplete()
        {
            for (var node = 0; node < _nodes.Length; node++)
            {
                Hear(node);
                // What got no answer is repeated at the next checks.
                _schedule.Check(_now);
                Hear(node);
            }

            return Enumerable.Range(0, _nodes.Length).Where(node => _nodes[node].Queue.IsConnected).All(node =>
                Enumerable.Range(0, _table.RowCount)
                    .Where(row => _map.SwarmOf(_table.Account(row)) == _swarmOfNode[node])
                    .All(row => _nodes[node].Knows.Contains(_table.Account(row))));
        }

        private void Rearrange()
        {
            var map = new SwarmMap(_swarmOfNode);
            // As NodeConnections does: the same object while the swarms are the same.
            if (!map.Ids.SequenceEqual(_map.Ids))
                _map = map;
            _schedule.Arrange(_map, [.. _nodes.Select((node, i) => (node.Queue, _swarmOfNode[i]))]);
        }

        private void Hear(int node, bool isAnswered = true)
        {
            var (queue, knows) = _nodes[node];
            while (queue.IsConnected && _schedule.Take(queue, _now) is { } body)
            {
                if (isAnswered)
                {
                    knows.UnionWith(body.Accounts.Select(account => _table.Account(account.Row)));
                    queue.Answered(queue.Session);
                }
                else
                {
                    queue.Failed(queue.Session, body.Accounts);
                }
            }
        }
    }
}
