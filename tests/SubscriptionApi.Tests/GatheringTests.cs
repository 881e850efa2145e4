namespace SubscriptionApi.Tests;

/// <summary>What is asked for together is done together, and nobody is forgotten.</summary>
public sealed class GatheringTests
{
    private readonly List<int[]> _works = [];
    private TaskCompletionSource _finish = new();

    [Test]
    public async Task What_comes_while_earlier_work_is_under_way_is_done_at_once_in_its_order()
    {
        var gathering = new Gathering<int, int>(itemsMax: 4, underWayMax: 1, waitingMax: 100, DoubleAsync);

        var first = gathering.DoAsync(0, CancellationToken.None);
        await Eventually.BecomesTrueAsync(() => Works == 1);
        var others = Enumerable.Range(1, 6).Select(item => gathering.DoAsync(item, CancellationToken.None)).ToArray();
        _finish.SetResult();

        Assert.That(await first, Is.Zero);
        Assert.That(await Task.WhenAll(others), Is.EqualTo(new[] { 2, 4, 6, 8, 10, 12 }));
        Assert.That(_works, Is.EqualTo(new[] { new[] { 0 }, new[] { 1, 2, 3, 4 }, new[] { 5, 6 } }));
    }

    [Test]
    public async Task Who_gives_up_while_waiting_is_passed_over()
    {
        var gathering = new Gathering<int, int>(itemsMax: 4, underWayMax: 1, waitingMax: 100, DoubleAsync);
        using var enough = new CancellationTokenSource();

        var first = gathering.DoAsync(0, CancellationToken.None);
        await Eventually.BecomesTrueAsync(() => Works == 1);
        var impatient = gathering.DoAsync(1, enough.Token);
        var patient = gathering.DoAsync(2, CancellationToken.None);
        await enough.CancelAsync();
        _finish.SetResult();

        Assert.That(async () => await impatient, Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await first, await patient), Is.EqualTo((0, 4)));
        Assert.That(_works, Is.EqualTo(new[] { new[] { 0 }, new[] { 2 } }));
    }

    [Test]
    public async Task Work_that_fails_fails_for_all_of_its_items_and_the_next_is_done()
    {
        var gathering = new Gathering<int, int>(itemsMax: 4, underWayMax: 1, waitingMax: 100, DoubleAsync);

        var first = gathering.DoAsync(0, CancellationToken.None);
        await Eventually.BecomesTrueAsync(() => Works == 1);
        _finish.SetException(new InvalidDataException());

        Assert.That(async () => await first, Throws.InstanceOf<InvalidDataException>());
        _finish = new TaskCompletionSource();
        _finish.SetResult();
        Assert.That(await gathering.DoAsync(1, CancellationToken.None), Is.EqualTo(2));
    }

    [Test]
    public async Task More_than_may_wait_is_refused_at_once()
    {
        var gathering = new Gathering<int, int>(itemsMax: 4, underWayMax: 1, waitingMax: 2, DoubleAsync);

        var first = gathering.DoAsync(0, CancellationToken.None);
        await Eventually.BecomesTrueAsync(() => Works == 1);
        var waiting = new[] { gathering.DoAsync(1, CancellationToken.None), gathering.DoAsync(2, CancellationToken.None) };

        Assert.That(() => gathering.DoAsync(3, CancellationToken.None), Throws.InstanceOf<GatheringFullException>());
        _finish.SetResult();
        Assert.That((await first, (await Task.WhenAll(waiting)).Sum()), Is.EqualTo((0, 6)));
    }

    private int Works
    {
        get
        {
            lock (_works)
                return _works.Count;
        }
    }

    [SetUp]
    public void Begin()
    {
        _works.Clear();
        _finish = new TaskCompletionSource();
    }

    private async Task<IReadOnlyList<int>> DoubleAsync(IReadOnlyList<int> items)
    {
        lock (_works)
            _works.Add([.. items]);
        await _finish.Task;
        return [.. items.Select(item => 2 * item)];
    }
}
