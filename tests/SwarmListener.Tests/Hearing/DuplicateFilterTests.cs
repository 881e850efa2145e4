using Sotto.TestSupport;
using SwarmListener.Hearing;

namespace SwarmListener.Tests.Hearing;

public sealed class DuplicateFilterTests
{
    private static readonly string Hash = new('h', 43);

    private readonly ManualTimeProvider _clock = new();
    private readonly SwarmSettings _settings = new() { DuplicateWindowSeconds = 600, DuplicatesMax = 1000 };

    [Test]
    public void A_copy_is_recognised_for_one_to_two_windows()
    {
        var filter = new DuplicateFilter(_settings, _clock);
        var key = filter.KeyOf(Accounts.At(1), 0, Hash, 0);
        Assert.That(filter.TryAdd(key), Is.True);

        _clock.Advance(TimeSpan.FromSeconds(599));
        Assert.That(filter.TryAdd(key), Is.False);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.That(filter.TryAdd(key), Is.False, "The set it is in has become the former one.");
        _clock.Advance(TimeSpan.FromSeconds(600));
        Assert.That(filter.TryAdd(key), Is.True);
    }

    [Test]
    public void What_was_not_published_is_taken_again()
    {
        var filter = new DuplicateFilter(_settings, _clock);
        var key = filter.KeyOf(Accounts.At(1), 0, Hash, 0);
        filter.TryAdd(key);

        filter.Forget(key);

        Assert.That(filter.TryAdd(key), Is.True);
    }

    [Test]
    public void The_same_hash_of_another_account_or_in_another_namespace_is_another_message()
    {
        var filter = new DuplicateFilter(_settings, _clock);
        filter.TryAdd(filter.KeyOf(Accounts.At(1), 0, Hash, 0));

        Assert.That(filter.TryAdd(filter.KeyOf(Accounts.At(2), 0, Hash, 0)), Is.True);
        Assert.That(filter.TryAdd(filter.KeyOf(Accounts.At(1), -1, Hash, 0)), Is.True);
        Assert.That(filter.TryAdd(filter.KeyOf(Accounts.At(1), 0, Hash, 1)), Is.True);
    }

    [Test]
    public void Memory_is_bounded_by_forgetting_the_oldest()
    {
        var filter = new DuplicateFilter(_settings, _clock);
        for (ulong i = 0; i < 10_000; i++)
            Assert.That(filter.TryAdd(filter.KeyOf(Accounts.At(i), 0, Hash, 0)), Is.True);

        Assert.That(filter.Count, Is.LessThanOrEqualTo(2000));
        Assert.That(filter.TryAdd(filter.KeyOf(Accounts.At(9_999), 0, Hash, 0)), Is.False);
    }

    [Test]
    public void After_a_long_silence_nothing_is_remembered()
    {
        var filter = new DuplicateFilter(_settings, _clock);
        var key = filter.KeyOf(Accounts.At(1), 0, Hash, 0);
        filter.TryAdd(key);

        _clock.Advance(TimeSpan.FromHours(5));

        Assert.That(filter.TryAdd(key), Is.True);
    }
}
