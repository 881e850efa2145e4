using Sotto.Session;

namespace Protocols.Tests.Session;

public sealed class AccountTests
{
    private static Arbitrary<byte[]> Ids => Gen.ArrayOf(ArbMap.Default.GeneratorFor<byte>(), AccountId.Size).ToArbitrary();

    private static Arbitrary<ulong> Spaces => Gen.OneOf(
        ArbMap.Default.GeneratorFor<ulong>(), Gen.Elements<ulong>(0, 1, 1UL << 63, (1UL << 63) - 1, ulong.MaxValue - 1, ulong.MaxValue),
        ArbMap.Default.GeneratorFor<byte[]>().Select(b => b.Aggregate(0UL, (n, x) => (n << 8) | x))).ToArbitrary();

    [Test]
    public void An_account_keeps_its_bytes_and_is_equal_to_none_but_itself() => Prop.ForAll(Ids, NonNegativeInts, (bytes, at) =>
    {
        var account = AccountId.Create(bytes);
        var other = bytes.ToArray();
        other[at.Get % other.Length] ^= 1;
        return account.ToArray().SequenceEqual(bytes) && account.Prefix == bytes[0] && account.Key.SequenceEqual(bytes.AsSpan(1))
            && account == AccountId.Create(bytes) && account.GetHashCode() == AccountId.Create(bytes).GetHashCode()
            && account != AccountId.Create(other) && account.Bucket == account.SwarmSpace >> 56;
    }).Check();

    [TestCase(0)]
    [TestCase(32)]
    [TestCase(34)]
    public void Another_size_is_no_account(int size)
    {
        Assert.That(AccountId.TryCreate(new byte[size], out _), Is.False);
        Assert.That(() => AccountId.Create(new byte[size]), Throws.ArgumentException);
    }

    [Test]
    public void An_account_is_never_printed()
    {
        var account = new Phone(1).Session;
        var subscription = new MonitorSubscription(account, null, null, null, [0], true, 1, new byte[64]);

        Assert.That($"{account} {subscription} {default(NotifyMessage)}", Is.EqualTo("[account] MonitorSubscription NotifyMessage"));
    }

    [Test]
    public void The_swarm_is_the_nearest_on_the_circle() => Prop.ForAll(Gen.ArrayOf(Spaces.Generator).ToArbitrary(), Spaces, (ids, space) =>
    {
        var known = ids.Where(id => id != SwarmMap.NoSwarm).ToArray();
        var chosen = new SwarmMap(ids).SwarmOf(space);
        if (known.Length == 0)
            return chosen == SwarmMap.NoSwarm;

        // The distance either way round; among equals the one that lies before.
        var nearest = known.Min(id => Math.Min(unchecked(id - space), unchecked(space - id)));
        var before = unchecked(space - nearest);
        return chosen == (known.Contains(before) ? before : unchecked(space + nearest));
    }).Check(2000);

    [Test]
    public void Swarms_are_kept_sorted_and_once()
    {
        var map = new SwarmMap([30, 10, 20, 10, SwarmMap.NoSwarm]);

        Assert.That(map.Ids.ToArray(), Is.EqualTo(new ulong[] { 10, 20, 30 }));
        Assert.That(map.SwarmOf(ulong.MaxValue), Is.EqualTo(10));
        Assert.That(map.SwarmOf((1UL << 63) + 20), Is.EqualTo(30));
        Assert.That(map.SwarmOf((1UL << 63) + 21), Is.EqualTo(10));
    }

    private static Arbitrary<NonNegativeInt> NonNegativeInts => ArbMap.Default.ArbFor<NonNegativeInt>();
}
