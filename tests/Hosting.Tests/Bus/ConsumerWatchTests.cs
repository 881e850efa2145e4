using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Sotto.Hosting.Bus;
using Sotto.TestSupport;

namespace Hosting.Tests.Bus;

/// <summary>A queue of ours that nobody consumes from ends the service, and nothing else does.</summary>
public sealed class ConsumerWatchTests
{
    private const string Queue = "push.apns";
    private static readonly TimeSpan Minute = ConsumerWatch.DesertedMax;

    private readonly ManualTimeProvider _clock = new();
    private PausedQueues _paused = null!;
    private Lifetime _lifetime = null!;
    private ConsumerWatch _watch = null!;
    private Func<bool> _hasConsumer = null!;

    [SetUp]
    public void SetUp()
    {
        (_paused, _lifetime, _hasConsumer) = (new PausedQueues(), new Lifetime(), () => true);
        _watch = new ConsumerWatch(() => [Queue], (_, _) => Task.FromResult(_hasConsumer()), _paused, _lifetime, _clock, NullLogger<ConsumerWatch>.Instance);
    }

    [TearDown]
    public void TearDown() => _watch.Dispose();

    [Test]
    public async Task A_queue_that_stays_deserted_ends_the_service()
    {
        await LookAsync();
        _hasConsumer = () => false;

        await LookAsync();
        await LookAsync(after: Minute - TimeSpan.FromSeconds(1));
        Assert.That(_watch.HasGivenUp, Is.False);
        await LookAsync(after: TimeSpan.FromSeconds(1));

        Assert.That(_watch.HasGivenUp);
        Assert.That(_lifetime.Stops, Is.EqualTo(1));
    }

    [Test]
    public async Task A_queue_that_never_had_a_consumer_is_not_ours_to_judge()
    {
        _hasConsumer = () => false;

        await LookAsync();
        await LookAsync(after: 2 * Minute);
        await LookAsync(after: 2 * Minute);

        Assert.That(_watch.HasGivenUp, Is.False);
    }

    [Test]
    public async Task A_process_that_stood_still_begins_the_minute_anew()
    {
        await LookAsync();
        _hasConsumer = () => false;
        await LookAsync();

        _clock.Advance(2 * Minute);
        await LookAsync();

        Assert.That(_watch.HasGivenUp, Is.False);
    }

    [Test]
    public async Task A_queue_that_is_not_taken_up_after_a_pause_on_purpose_ends_the_service()
    {
        await LookAsync();
        _hasConsumer = () => false;
        _paused.Add(Queue);
        await LookAsync(after: 2 * Minute);
        Assert.That(_watch.HasGivenUp, Is.False);
        _paused.Remove(Queue);

        await LookAsync(after: 2 * Minute);

        Assert.That(_watch.HasGivenUp);
    }

    [Test]
    public async Task A_pause_on_purpose_ends_nothing_and_the_minute_begins_after_it()
    {
        await LookAsync();
        _hasConsumer = () => false;
        _paused.Add(Queue);
        await LookAsync();
        await LookAsync(after: 2 * Minute);
        _paused.Remove(Queue);
        _hasConsumer = () => true;
        await LookAsync();
        _hasConsumer = () => false;
        await LookAsync();
        await LookAsync(after: Minute / 2);

        Assert.That(_watch.HasGivenUp, Is.False);
        await LookAsync(after: Minute / 2);
        Assert.That(_watch.HasGivenUp);
    }

    [Test]
    public async Task A_broker_that_does_not_answer_begins_the_minute_anew()
    {
        await LookAsync();
        _hasConsumer = () => false;
        await LookAsync();
        _hasConsumer = () => throw new IOException("gone");
        await LookAsync(after: 2 * Minute);
        _hasConsumer = () => false;
        await LookAsync(after: Minute);

        Assert.That(_watch.HasGivenUp, Is.False);
        await LookAsync(after: Minute / 2);
        Assert.That(_watch.HasGivenUp);
    }

    // As often as in life, and once at the end.
    private async Task LookAsync(TimeSpan after = default)
    {
        for (; after > ConsumerWatch.Period; after -= ConsumerWatch.Period)
        {
            _clock.Advance(ConsumerWatch.Period);
            await _watch.LookAsync(CancellationToken.None);
        }

        _clock.Advance(after);
        await _watch.LookAsync(CancellationToken.None);
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public int Stops { get; private set; }

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => Stops++;
    }
}
