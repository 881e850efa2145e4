using Sotto.VendorHttp;

namespace Senders.Tests.Clients;

public sealed class AccessTokenCacheTests
{
    private readonly ManualTimeProvider _clock = new();
    private int _fetches;
    private Func<AccessTokenAnswer> _answer = null!;

    [SetUp]
    public void Prepare() => _answer = () => Token(TimeSpan.FromHours(1));

    [Test]
    public async Task Everybody_shares_one_fetch()
    {
        var release = new TaskCompletionSource();
        var cache = new AccessTokenCache(
            async _ =>
            {
                Interlocked.Increment(ref _fetches);
                await release.Task;
                return _answer();
            },
            _clock);

        var waiting = Enumerable.Range(0, 50).Select(_ => cache.GetAsync(CancellationToken.None).AsTask()).ToList();
        release.SetResult();
        var answers = await Task.WhenAll(waiting).WaitAsync(Eventually.Patience);

        Assert.That(_fetches, Is.EqualTo(1));
        Assert.That(answers.Select(answer => answer.Token).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_token_is_renewed_in_good_time_and_the_old_one_used_meanwhile()
    {
        var cache = Cache();
        var first = (await cache.GetAsync(CancellationToken.None)).Token;
        _clock.Advance(TimeSpan.FromMinutes(53));
        Assert.That((await cache.GetAsync(CancellationToken.None)).Token, Is.SameAs(first));
        Assert.That(_fetches, Is.EqualTo(1));

        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.That((await cache.GetAsync(CancellationToken.None)).Token, Is.SameAs(first), "it is still good");

        await Eventually.BecomesTrueAsync(async () => (await cache.GetAsync(CancellationToken.None)).Token != first, what: "a new one had taken its place");
        Assert.That(_fetches, Is.EqualTo(2));
    }

    [Test]
    public async Task A_clock_that_was_ahead_and_is_mended_makes_no_pause_longer()
    {
        _clock.StepWallClock(TimeSpan.FromHours(1));
        _answer = () => new AccessTokenAnswer { Error = "invalid_grant", Answer = new VendorAnswer { Status = 400 } };
        var cache = Cache();
        Assert.That((await cache.GetAsync(CancellationToken.None)).Error, Is.EqualTo("invalid_grant"));

        _clock.StepWallClock(TimeSpan.FromHours(-1));
        _answer = () => Token(TimeSpan.FromHours(1));
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.That((await cache.GetAsync(CancellationToken.None)).Token, Is.Not.Null);
    }

    [Test]
    public async Task A_failing_endpoint_is_asked_less_and_less_often()
    {
        _answer = () => new AccessTokenAnswer { Answer = new VendorAnswer { Status = 500 } };
        var cache = Cache();
        for (var i = 0; i < 600; i++)
        {
            Assert.That((await cache.GetAsync(CancellationToken.None)).Answer.Status, Is.EqualTo(500));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.That(_fetches, Is.InRange(8, 11), "1, 2, 4 ... 256, 300 s");
    }

    [Test]
    public async Task A_refused_token_is_forgotten_once()
    {
        var cache = Cache();
        var refused = (await cache.GetAsync(CancellationToken.None)).Token!;

        cache.Invalidate(refused);
        var renewed = (await cache.GetAsync(CancellationToken.None)).Token;
        cache.Invalidate(refused);

        Assert.That(renewed, Is.Not.SameAs(refused));
        Assert.That((await cache.GetAsync(CancellationToken.None)).Token, Is.SameAs(renewed));
        Assert.That(_fetches, Is.EqualTo(2));
    }

    [Test]
    public async Task A_fetch_that_breaks_is_an_answer()
    {
        _answer = () => throw new InvalidOperationException("secret");
        var answer = await Cache().GetAsync(CancellationToken.None);

        Assert.That(answer.Token, Is.Null);
        Assert.That(answer.ToString(), Does.Not.Contain("secret"));
    }

    [Test]
    public async Task A_short_lived_token_is_not_fetched_for_each_use()
    {
        _answer = () => Token(TimeSpan.FromSeconds(10));
        var cache = Cache();
        for (var i = 0; i < 4; i++)
        {
            await cache.GetAsync(CancellationToken.None);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.That(_fetches, Is.EqualTo(1));
    }

    private AccessTokenCache Cache() => new(
        _ =>
        {
            Interlocked.Increment(ref _fetches);
            return Task.FromResult(_answer());
        },
        _clock);

    private AccessTokenAnswer Token(TimeSpan life) => new() { Token = new AccessToken($"token {Guid.NewGuid()}", _clock.GetUtcNow(), _clock.GetUtcNow() + life) };
}
