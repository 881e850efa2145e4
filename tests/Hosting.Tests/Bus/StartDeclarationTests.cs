using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Sotto.Hosting.Bus;
using Sotto.Hosting.Settings;
using Sotto.LocalServers;
using Sotto.TestSupport;

namespace Hosting.Tests.Bus;

/// <summary>What a service does at its start while the broker starts or stops beside it, and what it says when waiting would not help.</summary>
public sealed class StartDeclarationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ManualTimeProvider _clock = new();

    private static IEnumerable<TestCaseData> BreakingOff =>
    [
        new TestCaseData(new BrokerUnreachableException(new IOException())).SetArgDisplayNames("unreachable"),
        new TestCaseData(new AlreadyClosedException(Said(Constants.ConnectionForced))).SetArgDisplayNames("closed already"),
        new TestCaseData(new OperationInterruptedException(Said(Constants.ConnectionForced))).SetArgDisplayNames("told that it stops"),
        new TestCaseData(new OperationCanceledException()).SetArgDisplayNames("no answer"),
        new TestCaseData(new IOException()).SetArgDisplayNames("in the middle of a greeting"),
    ];

    [TestCaseSource(nameof(BreakingOff))]
    public async Task What_the_broker_breaks_off_is_declared_again(Exception fault)
    {
        await using var broker = new Broker((await TestServers.CreateBrokerAsync()).Amqp, "test");
        var tries = 0;

        await EndAsync(broker.DeclareAtStartAsync(channel => ++tries < 3 ? throw fault : broker.DeclareTopologyAsync(channel, CancellationToken.None), _clock, CancellationToken.None));

        Assert.That(tries, Is.EqualTo(3));
        Assert.That(await broker.QueueExistsAsync(BusTopology.Poison, CancellationToken.None), Is.True);
    }

    [Test]
    public async Task A_broker_that_stays_away_ends_the_start()
    {
        using var nobody = FreePorts.Take();
        await using var broker = new Broker(new Uri($"amqp://127.0.0.1:{nobody.Base}"), "test");
        var begun = _clock.GetUtcNow();

        Assert.That(() => EndAsync(broker.DeclareAtStartAsync(_ => Task.CompletedTask, _clock, CancellationToken.None)), Throws.InstanceOf<BrokerUnreachableException>());

        Assert.That(_clock.GetUtcNow() - begun, Is.EqualTo(BusSetup.StartTimeout).Within(TimeSpan.FromSeconds(1)));
    }

    [Test]
    public async Task A_service_that_is_to_end_waits_no_longer()
    {
        using var nobody = FreePorts.Take();
        await using var broker = new Broker(new Uri($"amqp://127.0.0.1:{nobody.Base}"), "test");
        using var ending = new CancellationTokenSource();
        var declaring = broker.DeclareAtStartAsync(_ => Task.CompletedTask, _clock, ending.Token);
        await Eventually.BecomesTrueAsync(() => Task.FromResult(_clock.WaitingTimers > 0), what: "it waited for the broker");

        await ending.CancelAsync();

        Assert.That(() => declaring.WaitAsync(Patience), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task A_wrong_password_is_a_wrong_setting()
    {
        var address = new UriBuilder((await TestServers.CreateBrokerAsync()).Amqp) { Password = "wrong" }.Uri;
        await using var broker = new Broker(address, "test");

        Assert.That(
            () => EndAsync(broker.DeclareAtStartAsync(_ => Task.CompletedTask, _clock, CancellationToken.None)),
            Throws.InstanceOf<SettingsException>().With.Message.Contains("password").And.Message.Not.Contains("wrong"));
    }

    [Test]
    public async Task What_somebody_else_should_have_declared_and_did_not_is_said()
    {
        await using var broker = new Broker((await TestServers.CreateBrokerAsync()).Amqp, "test", BusDeclaration.Given);

        Assert.That(
            () => EndAsync(broker.DeclareAtStartAsync(channel => broker.DeclareTopologyAsync(channel, CancellationToken.None), _clock, CancellationToken.None)),
            Throws.InstanceOf<SettingsException>().With.Message.Contains("sotto access apply"));
    }

    [Test]
    public async Task A_fault_of_ours_is_not_tried_again()
    {
        await using var broker = new Broker((await TestServers.CreateBrokerAsync()).Amqp, "test");
        var tries = 0;

        Assert.That(
            () => EndAsync(broker.DeclareAtStartAsync(_ => ++tries > 0 ? throw new InvalidOperationException("planted") : Task.CompletedTask, _clock, CancellationToken.None)),
            Throws.InvalidOperationException);
        Assert.That(tries, Is.EqualTo(1));
    }

    // The clock goes on whenever somebody waits for it.
    private async Task EndAsync(Task declaring)
    {
        while (!declaring.IsCompleted)
        {
            if (_clock.WaitingTimers > 0)
                _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(declaring, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System));
        }

        await declaring;
    }

    private static ShutdownEventArgs Said(ushort code) => new(ShutdownInitiator.Peer, code, "test");
}
