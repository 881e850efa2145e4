using System.Text;
using Sotto.Session;
using SwarmListener.Monitoring;

namespace SwarmListener.Tests.Monitoring;

public sealed class AccountTableTests
{
    private static readonly AccountId[] Pool = [.. Enumerable.Range(0, 12).Select(number => Accounts.At(0, (ulong)number))];

    [Test]
    public void Of_subscriptions_that_ask_the_same_the_latest_signature_stays()
    {
        var table = new AccountTable();
        table.Put(Pool[0], Accounts.Lasting(kind: 7, signedAt: 20), "latest"u8);
        table.Put(Pool[0], Accounts.Lasting(kind: 7, signedAt: 10), "earlier"u8);

        Assert.That(RequestsOf(table, Pool[0]), Is.EqualTo(new[] { "latest" }));
    }

    [Test]
    public void Different_wishes_for_one_account_are_all_asked()
    {
        var table = new AccountTable();
        table.Put(Pool[0], Accounts.Lasting(kind: 1), "a"u8);
        table.Put(Pool[0], Accounts.Lasting(kind: 2), "b"u8);

        Assert.That(RequestsOf(table, Pool[0]), Is.EquivalentTo(new[] { "a", "b" }));
    }

    [Test]
    public void What_has_expired_is_not_asked_and_then_forgotten()
    {
        var table = new AccountTable();
        table.Put(Pool[0], new Upstream(1, 1, ExpiresAt: 100), "old"u8);
        table.Put(Pool[0], new Upstream(2, 1, ExpiresAt: 200), "young"u8);
        table.Put(Pool[1], new Upstream(1, 1, ExpiresAt: 100), "alone"u8);

        Assert.That(RequestsOf(table, Pool[0], now: 100), Is.EqualTo(new[] { "young" }));
        Assert.That(table.RemoveExpired(100), Is.EqualTo(1));
        Assert.That(table.Find(Pool[1]), Is.EqualTo(-1));
        Assert.That(RequestsOf(table, Pool[0], now: 1), Is.EqualTo(new[] { "young" }));
    }

    [Test]
    public void An_account_that_asks_nothing_new_need_not_be_announced()
    {
        var table = Accounts.TableOf(Pool[0]);
        var renewed = new AccountTable();
        renewed.Put(Pool[0], Accounts.Lasting(signedAt: 99), "renewed"u8);

        Assert.That(table.Adopt(renewed, 0), Is.False);
        Assert.That(RequestsOf(table, Pool[0]), Is.EqualTo(new[] { "renewed" }));
    }

    [Test]
    public void An_account_that_is_new_or_asks_a_new_kind_is_announced()
    {
        var table = new AccountTable();
        var source = new AccountTable();
        source.Put(Pool[0], Accounts.Lasting(kind: 1), "a"u8);
        Assert.That(table.Adopt(source, 0), Is.True);

        source.Put(Pool[0], Accounts.Lasting(kind: 2), "b"u8);
        Assert.That(table.Adopt(source, 0), Is.True);
    }

    [Test]
    public void An_account_with_too_many_kinds_keeps_those_it_has()
    {
        var table = new AccountTable();
        for (var kind = 0; kind < AccountTable.UpstreamsMax; kind++)
            Assert.That(table.Put(Pool[0], Accounts.Lasting(kind), "x"u8), Is.True);

        Assert.That(table.Put(Pool[0], Accounts.Lasting(AccountTable.UpstreamsMax), "y"u8), Is.False);
        Assert.That(RequestsOf(table, Pool[0]), Has.Count.EqualTo(AccountTable.UpstreamsMax).And.No.Member("y"));
    }

    [Test]
    public void The_text_of_replaced_requests_is_reclaimed()
    {
        var table = new AccountTable();
        var text = new byte[1000];
        for (uint signedAt = 1; signedAt < 10_000; signedAt++)
            table.Put(Pool[0], Accounts.Lasting(signedAt: signedAt), text);

        Assert.That(table.Bytes, Is.LessThan(300_000));
    }

    [Test]
    public void Any_sequence_of_changes_leaves_what_a_dictionary_would_hold() =>
        Prop.ForAll(Seeds.Any, seed =>
        {
            var random = new Random(seed);
            var table = new AccountTable();
            var model = new Model();
            for (var step = 0; step < 300; step++)
                Step(table, model, random, step);
            return Pool.All(account => Expected(model, account).SequenceEqual(RequestsOf(table, account), StringComparer.Ordinal))
                && table.Count == model.Count;
        }).QuickCheckThrowOnFailure();

    private static void Step(AccountTable table, Model model, Random random, int step)
    {
        var account = Pool[random.Next(Pool.Length)];
        var upstream = new Upstream(random.Next(3), (uint)random.Next(5), (uint)random.Next(1, 5));
        var text = $"{account.Key[7]}/{upstream.Kind}/{upstream.SignedAt}/{upstream.ExpiresAt}/{step}";
        switch (random.Next(5))
        {
            case 0:
                table.Remove(account);
                model.Remove(account);
                break;
            case 1:
                var now = (uint)random.Next(4);
                table.RemoveExpired(now);
                foreach (var (known, kinds) in model.ToList())
                {
                    foreach (var expired in kinds.Where(kind => kind.Value.ExpiresAt <= now).Select(kind => kind.Key).ToList())
                        kinds.Remove(expired);
                    if (kinds.Count == 0)
                        model.Remove(known);
                }

                break;
            case 2:
                var source = new AccountTable();
                source.Put(account, upstream, Encoding.ASCII.GetBytes(text));
                table.Adopt(source, 0);
                model[account] = new() { [upstream.Kind] = (upstream.SignedAt, upstream.ExpiresAt, text) };
                break;
            default:
                table.Put(account, upstream, Encoding.ASCII.GetBytes(text));
                if (!model.TryGetValue(account, out var present))
                    model.Add(account, present = []);
                if (!present.TryGetValue(upstream.Kind, out var before) || before.SignedAt < upstream.SignedAt)
                    present[upstream.Kind] = (upstream.SignedAt, upstream.ExpiresAt, text);
                break;
        }
    }

    private static IEnumerable<string> Expected(Model model, AccountId account) =>
        model.TryGetValue(account, out var kinds) ? kinds.Values.Select(kind => kind.Text).Order(StringComparer.Ordinal) : [];

    private static List<string> RequestsOf(AccountTable table, AccountId account, uint now = 0)
    {
        var requests = new List<string>();
        if (table.Find(account) is >= 0 and var row)
            table.ForEachRequest(row, now, text => requests.Add(Encoding.ASCII.GetString(text)));
        requests.Sort(StringComparer.Ordinal);
        return requests;
    }

    // What each account asks, by kind.
    private sealed class Model : Dictionary<AccountId, SortedDictionary<long, (uint SignedAt, uint ExpiresAt, string Text)>>;
}
