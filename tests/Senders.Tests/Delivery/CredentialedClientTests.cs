using Sotto.Delivery;
using Sotto.Hosting.Settings;

namespace Senders.Tests.Delivery;

/// <summary>Credentials that change while they are in use.</summary>
public sealed class CredentialedClientTests
{
    private readonly List<CredentialNews> _news = [];
    private readonly List<Client> _made = [];
    private ManualTimeProvider _clock = null!;
    private string _file = null!;
    private DeliveryOutcome? _proof;

    [SetUp]
    public void Prepare()
    {
        _clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        _news.Clear();
        _made.Clear();
        _proof = null;
        _file = Path.Combine(Directory.CreateTempSubdirectory("sotto-credential-").FullName, "key");
        File.WriteAllText(_file, "first");
    }

    [TearDown]
    public void Remove() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Test]
    public async Task New_credentials_are_tried_with_one_push_and_then_used_for_all()
    {
        using var client = Create();
        File.WriteAllText(_file, "second");
        await LookTwiceAsync(client);

        Assert.That(await SendAsync(client), Is.EqualTo("second"));
        Assert.That(await SendAsync(client), Is.EqualTo("second"));

        Assert.That(Steps, Is.EqualTo(new[] { CredentialStep.Offered, CredentialStep.Taken }));
        Assert.That(_made[0].Disposed, "the old client went when nobody used it any more");
    }

    [Test]
    public async Task A_request_on_the_old_client_is_finished_before_it_goes()
    {
        using var client = Create();
        var answer = new TaskCompletionSource<DeliveryOutcome>();
        var slow = client.SendAsync(_ => answer.Task);
        File.WriteAllText(_file, "second");
        await LookTwiceAsync(client);
        await SendAsync(client);
        Assert.That(_made[0].Disposed, Is.False);

        answer.SetResult(new DeliveryOutcome.Delivered());

        Assert.That(await slow, Is.InstanceOf<DeliveryOutcome.Delivered>());
        Assert.That(_made[0].Disposed);
    }

    [Test]
    public async Task Credentials_that_the_provider_refuses_cost_no_push_and_the_old_ones_stay()
    {
        using var client = Create();
        File.WriteAllText(_file, "bad");
        await LookTwiceAsync(client);

        var used = new List<string>();
        var outcome = await client.SendAsync(one =>
        {
            used.Add(one.Text);
            return Task.FromResult<DeliveryOutcome>(one.Text == "bad" ? new DeliveryOutcome.CredentialBad("InvalidProviderToken") : new DeliveryOutcome.Delivered());
        });

        Assert.That(outcome, Is.InstanceOf<DeliveryOutcome.Delivered>());
        Assert.That(used, Is.EqualTo(new[] { "bad", "first" }));
        Assert.That(_news[^1].Step, Is.EqualTo(CredentialStep.Refused));
        Assert.That(_news[^1].Why, Does.Contain("InvalidProviderToken"));
        Assert.That(await SendAsync(client), Is.EqualTo("first"));
        Assert.That(_made.Single(one => one.Text == "bad").Disposed);
    }

    [Test]
    public async Task Others_go_on_as_before_while_one_push_tries()
    {
        using var client = Create();
        File.WriteAllText(_file, "second");
        await LookTwiceAsync(client);
        var answer = new TaskCompletionSource<DeliveryOutcome>();
        var trying = client.SendAsync(_ => answer.Task);

        Assert.That(await SendAsync(client), Is.EqualTo("first"));
        answer.SetResult(new DeliveryOutcome.RetryLater("timeout", new RetryPace(TimeSpan.FromSeconds(1))));
        await trying;
        Assert.That(Steps, Is.EqualTo(new[] { CredentialStep.Offered }), "silence says nothing of credentials");
        Assert.That(await SendAsync(client), Is.EqualTo("second"));
    }

    [Test]
    public async Task What_cannot_be_read_is_told_once_and_the_old_ones_stay()
    {
        using var client = Create();
        foreach (var content in (string?[])["garbage", "garbage", null, null])
        {
            if (content is null)
                File.Delete(_file);
            else
                File.WriteAllText(_file, content);
            await client.LookAsync(CancellationToken.None);
            await client.LookAsync(CancellationToken.None);
        }

        Assert.That(_news.Select(one => one.Step), Is.EqualTo(new[] { CredentialStep.Refused, CredentialStep.Refused }));
        Assert.That(_news[0].Why, Is.EqualTo("it is garbage"));
        Assert.That(_news[1].Why, Does.Contain("cannot be read"));
        Assert.That(await SendAsync(client), Is.EqualTo("first"));

        File.WriteAllText(_file, "first");
        await LookTwiceAsync(client);
        Assert.That(_news[^1].Step, Is.EqualTo(CredentialStep.Withdrawn), "the alarm is over");
    }

    [Test]
    public async Task A_file_that_is_being_written_is_no_news()
    {
        using var client = Create();
        File.WriteAllText(_file, "gar");
        await client.LookAsync(CancellationToken.None);
        File.WriteAllText(_file, "second");
        await client.LookAsync(CancellationToken.None);
        Assert.That(_news, Is.Empty);

        await client.LookAsync(CancellationToken.None);

        Assert.That(Steps, Is.EqualTo(new[] { CredentialStep.Offered }));
    }

    [Test]
    public async Task A_swapped_link_is_seen_as_well()
    {
        var folder = Path.GetDirectoryName(_file)!;
        foreach (var name in (string[])["one", "two"])
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
            File.WriteAllText(Path.Combine(folder, name, "key"), name);
        }

        File.Delete(_file);
        Directory.CreateSymbolicLink(Path.Combine(folder, "..data"), "one");
        File.CreateSymbolicLink(_file, Path.Combine("..data", "key"));
        using var client = Create();
        Directory.Delete(Path.Combine(folder, "..data"));
        Directory.CreateSymbolicLink(Path.Combine(folder, "..data"), "two");

        await LookTwiceAsync(client);

        Assert.That(await SendAsync(client), Is.EqualTo("two"));
    }

    [Test]
    public async Task Credentials_that_have_ended_are_not_taken()
    {
        using var client = Create();
        File.WriteAllText(_file, "ended");
        await LookTwiceAsync(client);

        Assert.That(_news.Single().Why, Does.Contain("has ended"));
        Assert.That(await SendAsync(client), Is.EqualTo("first"));
    }

    [Test]
    public async Task A_right_to_send_that_is_not_given_is_asked_for_again_after_a_while()
    {
        using var client = Create();
        _proof = new DeliveryOutcome.CredentialBad("invalid_grant");
        File.WriteAllText(_file, "second");
        await LookTwiceAsync(client);
        await client.LookAsync(CancellationToken.None);
        Assert.That(Steps, Is.EqualTo(new[] { CredentialStep.Refused }));
        Assert.That(await SendAsync(client), Is.EqualTo("first"));

        _proof = null;
        _clock.Advance(TimeSpan.FromMinutes(1));
        await client.LookAsync(CancellationToken.None);

        Assert.That(await SendAsync(client), Is.EqualTo("second"));
    }

    [Test]
    public void Wrong_credentials_at_the_start_end_the_service()
    {
        File.WriteAllText(_file, "garbage");

        Assert.That(() => Create(), Throws.InstanceOf<SettingsException>().With.Message.EqualTo("Setting X:KeyFile: it is garbage."));
    }

    private IEnumerable<CredentialStep> Steps => _news.Select(one => one.Step);

    private static async Task LookTwiceAsync(CredentialedClient<Client> client)
    {
        await client.LookAsync(CancellationToken.None);
        await client.LookAsync(CancellationToken.None);
    }

    private static async Task<string> SendAsync(CredentialedClient<Client> client)
    {
        var text = "";
        await client.SendAsync(one =>
        {
            text = one.Text;
            return Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.Delivered());
        });
        return text;
    }

    private CredentialedClient<Client> Create()
    {
        var plan = new CredentialPlan<Client>(
            CredentialSource.OfFiles("X:KeyFile", _file),
            text =>
            {
                if (text.StartsWith("gar", StringComparison.Ordinal))
                    throw new CredentialException("it is garbage");
                _made.Add(new Client(text));
                return _made[^1];
            })
        {
            Prove = (_, _) => Task.FromResult(_proof),
            EndsAt = one => one.Text == "ended" ? _clock.GetUtcNow() : null,
        };
        return new CredentialedClient<Client>(plan, _clock) { Told = _news.Add };
    }

    private sealed class Client(string text) : IDisposable
    {
        public string Text => text;

        public bool Disposed { get; private set; }

        public void Dispose() => Disposed = true;
    }
}
