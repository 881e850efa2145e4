using Encryptor.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sotto.Hosting.Bus;
using Sotto.Storage;
using Sotto.TestSupport;

namespace Encryptor.Tests.Storage;

/// <summary>What is remembered of pushes, for how long, and by how many at once.</summary>
public sealed class DuplicateWindowTests
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private NpgsqlDataSource _database = null!;
    private DuplicateWindow _window = null!;
    private DateTimeOffset _began;

    [SetUp]
    public async Task SetUp()
    {
        var settings = new NpgsqlConnectionStringBuilder(await TestServers.CreateDatabaseAsync()) { SearchPath = EncryptorProgram.Schema, MaxAutoPrepare = 32, AutoPrepareMinUsages = 2 };
        _database = NpgsqlDataSource.Create(settings);
        await Migrations.RunAsync(_database, EncryptorProgram.Schema, typeof(EncryptorProgram).Assembly, NullLogger.Instance, CancellationToken.None);
        _window = new DuplicateWindow(_database);
        await using var command = _database.CreateCommand("SELECT began_at FROM duplicate_window");
        _began = new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync())!);
    }

    [TearDown]
    public async Task TearDown() => await _database.DisposeAsync();

    [Test]
    public async Task What_was_claimed_and_committed_is_not_claimed_again()
    {
        var ids = Ids(5);
        Assert.That(await ClaimAsync(ids), Is.EquivalentTo(ids));
        Assert.That(await ClaimAsync(ids), Is.Empty);

        var more = Ids(3);
        Assert.That(await ClaimAsync([.. ids, .. more]), Is.EquivalentTo(more));
    }

    [Test]
    public async Task What_was_claimed_and_not_committed_is_free_again()
    {
        var ids = Ids(5);
        await using (var claim = await _window.ClaimAsync(ids, CancellationToken.None))
            Assert.That(claim.PushIds, Is.EquivalentTo(ids));

        Assert.That(await ClaimAsync(ids), Is.EquivalentTo(ids));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Whoever_comes_second_waits_to_see_what_becomes_of_the_first(bool commits)
    {
        var ids = Ids(5);
        var first = await _window.ClaimAsync(ids, CancellationToken.None);
        var second = ClaimAsync(ids);
        await UntilSomebodyWaitsAsync();
        Assert.That(second.IsCompleted, Is.False);

        if (commits)
            await first.CommitAsync(CancellationToken.None);
        await first.DisposeAsync();

        Assert.That(await second, Is.EquivalentTo(commits ? [] : ids));
    }

    [Test]
    public async Task A_push_is_remembered_for_one_to_two_windows()
    {
        var (early, late) = (Ids(1), Ids(1));
        await ClaimAsync(early);
        Assert.That(await RotateAsync(Window * 0.99), Is.False);
        Assert.That(await RotateAsync(Window), Is.True);
        await ClaimAsync(late);
        Assert.That(await ClaimAsync(early), Is.Empty);

        Assert.That(await RotateAsync(Window * 2), Is.True);
        Assert.Multiple(async () =>
        {
            Assert.That(await ClaimAsync(late), Is.Empty);
            Assert.That(await ClaimAsync(early), Is.EquivalentTo(early));
        });
    }

    [Test]
    public async Task However_many_instances_try_a_window_begins_once()
    {
        var ids = Ids(1);
        await ClaimAsync(ids);

        var rotated = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RotateAsync(Window)));

        Assert.That(rotated.Count(done => done), Is.EqualTo(1));
        Assert.That(await ClaimAsync(ids), Is.Empty, "It was forgotten by two rotations in a row.");
    }

    [Test]
    public async Task Claims_go_on_across_rotations_on_connections_that_have_prepared_them()
    {
        var all = new List<Guid>();
        for (var round = 1; round <= 6; round++)
        {
            for (var i = 0; i < 5; i++)
            {
                var ids = Ids(3);
                all.AddRange(ids);
                Assert.That(await ClaimAsync(ids), Has.Count.EqualTo(3));
                Assert.That(await ClaimAsync(ids), Is.Empty);
            }

            if (round > 1)
                Assert.That(await ClaimAsync([.. all[^30..^15].Order()]), Is.Empty, "What was made in the window before is forgotten.");
            Assert.That(await RotateAsync(Window * round), Is.True);
        }
    }

    [Test]
    public async Task A_claim_that_waits_behind_a_rotation_sees_what_was_made_before_it()
    {
        var ids = Ids(4);
        var first = await _window.ClaimAsync(ids, CancellationToken.None);
        var rotation = RotateAsync(Window);
        await UntilSomebodyWaitsAsync();
        var second = ClaimAsync(ids);

        await first.CommitAsync(CancellationToken.None);
        await first.DisposeAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(await rotation, Is.True);
            Assert.That(await second, Is.Empty);
        });
    }

    [Test]
    public async Task A_rotation_does_not_wait_for_ever_for_a_claim_that_hangs()
    {
        await using var hanging = await _window.ClaimAsync(Ids(1), CancellationToken.None);

        Assert.That(async () => await RotateAsync(Window), Throws.InstanceOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo(PostgresErrorCodes.LockNotAvailable));
        Assert.That(await ClaimAsync(Ids(1)), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_clock_that_was_far_ahead_does_not_stop_rotation()
    {
        Assert.That(await RotateAsync(TimeSpan.FromDays(400)), Is.True);
        Assert.That(await RotateAsync(Window), Is.True);
        Assert.That(await RotateAsync(Window * 1.5), Is.False);
    }

    [Test]
    public async Task Claims_and_rotations_at_once_claim_each_push_once()
    {
        var ids = Ids(200);
        var claimed = new List<Guid>();
        var random = new Random(11);
        var pieces = Enumerable.Range(0, 40).Select(_ => random.GetItems(ids, 20).Distinct().Order().ToArray()).ToArray();
        var claiming = Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            foreach (var piece in pieces.Skip(worker * 10).Take(10))
            {
                var mine = await PersistentlyAsync(() => ClaimAsync(piece));
                lock (claimed)
                    claimed.AddRange(mine);
            }
        })));
        // One rotation only: two would rightly forget.
        var rotating = PersistentlyAsync(() => RotateAsync(Window));
        await Task.WhenAll(claiming, rotating).WaitAsync(Eventually.Patience);

        Assert.That(claimed, Is.Unique);
        Assert.That(claimed, Is.EquivalentTo(pieces.SelectMany(piece => piece).Distinct()));
    }

    private static Guid[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => Guid.NewGuid()).Order()];

    private static async Task<T> PersistentlyAsync<T>(Func<Task<T>> work)
    {
        while (true)
        {
            try
            {
                return await work();
            }
            catch (PostgresException e) when (TransientRetry.IsTransient(e))
            {
                // As the consumer does.
            }
        }
    }

    private async Task<List<Guid>> ClaimAsync(Guid[] ids)
    {
        await using var claim = await _window.ClaimAsync(ids, CancellationToken.None);
        await claim.CommitAsync(CancellationToken.None);
        return [.. claim.PushIds];
    }

    private Task<bool> RotateAsync(TimeSpan after) => _window.RotateAsync(_began + after, Window, CancellationToken.None);

    private Task UntilSomebodyWaitsAsync() =>
        Eventually.BecomesTrueAsync(async () =>
        {
            await using var command = _database.CreateCommand("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND (database IS NULL OR database = (SELECT oid FROM pg_database WHERE datname = current_database())))");
            return await command.ExecuteScalarAsync() is true;
        });
}
