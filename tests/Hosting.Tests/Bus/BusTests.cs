using System.Collections.Concurrent;
using System.Text;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using Sotto.TestSupport;

namespace Hosting.Tests.Bus;

/// <summary>The bus on a real broker: what is declared, what happens to what no consumer can take, and to what cannot be taken now.</summary>
public sealed class BusTests
{
    private TestBroker _broker = null!;
    private QueueProbe _probe = null!;

    [SetUp]
    public async Task SetUp()
    {
        _broker = await TestServers.CreateBrokerAsync();
        _probe = await QueueProbe.ConnectAsync(_broker.Amqp);
    }

    [TearDown]
    public async Task TearDown() => await _probe.DisposeAsync();

    [Test]
    public async Task The_topology_can_be_declared_again_and_again()
    {
        for (var i = 0; i < 2; i++)
        {
            await _probe.RunAsync(async channel =>
            {
                await BusTopology.DeclareAsync(channel, CancellationToken.None);
                await BusTopology.DeclarePushQueueAsync(channel, Provider.Apns, CancellationToken.None);
                await BusTopology.DeclareParkingQueueAsync(channel, Provider.Apns, TimeSpan.FromSeconds(5), CancellationToken.None);
            });
        }

        Assert.That(await _probe.CountAsync(Provider.PushQueue(Provider.Apns)), Is.Zero);
    }

    [Test]
    public async Task The_bus_declares_its_queues_as_the_topology_does()
    {
        await using var service = await StartAsync(new Judge());

        // The broker refuses a declaration that differs, in a queue's arguments as in an exchange's kind.
        await _probe.RunAsync(async channel =>
        {
            await BusTopology.DeclareAsync(channel, CancellationToken.None);
            await BusTopology.DeclarePushQueueAsync(channel, Provider.Huawei, CancellationToken.None);
        });
        var bus = service.Services.GetRequiredService<IBus>();
        foreach (var exchange in (string[])[BusTopology.MessageArrived, BusTopology.PushAccepted, BusTopology.Poison, Provider.PushQueue(Provider.Huawei)])
            await (await bus.GetSendEndpoint(new Uri($"exchange:{exchange}"))).Send(Frame(Item("a")));
    }

    [Test]
    public async Task What_a_consumer_cannot_take_is_poison_after_five_deliveries_and_its_neighbours_are_taken()
    {
        var judge = new Judge { Refuses = item => item.Outcome == "bad" ? new InvalidOperationException("not this one") : null };
        await using var service = await StartAsync(judge);

        foreach (var word in (string[])["good", "bad", "better"])
            await SendAsync(service, Item(word));

        await Eventually.BecomesTrueAsync(async () => await _probe.CountAsync(BusTopology.Poison) == 1, what: "the bad one was poison");
        var poison = (await _probe.TakeAsync(BusTopology.Poison))!;
        Assert.Multiple(() =>
        {
            Assert.That(judge.Tries("bad"), Is.EqualTo(BusTopology.DeliveryLimit + 1));
            Assert.That(judge.Tries("good"), Is.EqualTo(1));
            Assert.That(judge.Tries("better"), Is.EqualTo(1));
            Assert.That(QueueProbe.Read<Frame<PushDeadLettered>>(poison).Items.Single().Outcome, Is.EqualTo("bad"));
        });
    }

    [Test]
    public async Task What_cannot_be_read_at_all_is_poison_too()
    {
        await using var service = await StartAsync(new Judge());

        await _probe.RunAsync(async channel => await channel.BasicPublishAsync(BusTopology.DeadLetters, "", Encoding.UTF8.GetBytes("this is no envelope")));
        await SendRawAsync("""{"messageType":["urn:message:Unknown:Thing"],"message":{}}""");
        await SendRawAsync("""{"messageType":["urn:message:Sotto.Contracts:Frame[[Sotto.Contracts:PushDeadLettered]]"],"message":{"items":"none"}}""");

        await Eventually.BecomesTrueAsync(async () => await _probe.CountAsync(BusTopology.Poison) == 3, what: "all three were poison");
    }

    [Test]
    public async Task One_bad_item_goes_to_poison_alone_and_says_why()
    {
        var judge = new Judge { SetsAside = item => item.Outcome == "bad" };
        await using var service = await StartAsync(judge);

        await SendAsync(service, Item("good"), Item("bad"), Item("better"));

        await Eventually.BecomesTrueAsync(async () => await _probe.CountAsync(BusTopology.Poison) == 1);
        var poison = (await _probe.TakeAsync(BusTopology.Poison))!;
        Assert.Multiple(() =>
        {
            Assert.That(QueueProbe.Read<Frame<PushDeadLettered>>(poison).Items.Select(item => item.Outcome), Is.EqualTo(["bad"]));
            Assert.That(poison.Headers[PoisonPublisher.QueueHeader], Is.EqualTo(BusTopology.DeadLetters));
            Assert.That(poison.Headers[PoisonPublisher.ReasonHeader], Is.EqualTo("outcome"));
            Assert.That(judge.Tries("better"), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task An_item_that_cannot_be_set_aside_at_once_does_not_bring_its_neighbours_again()
    {
        var judge = new Judge { SetsAside = item => item.Outcome.StartsWith("bad", StringComparison.Ordinal) };
        await using var service = await StartAsync(judge);
        await SendAsync(service, Item("bad at first"));
        await Eventually.BecomesTrueAsync(async () => await _probe.CountAsync(BusTopology.Poison) == 1);
        // The next one comes back as unroutable; by the second try the publisher has declared what is missing.
        await _probe.RunAsync(async channel => await channel.QueueUnbindAsync(BusTopology.Poison, BusTopology.Poison, routingKey: ""));

        await SendAsync(service, Item("good"), Item("bad"), Item("better"));

        await Eventually.BecomesTrueAsync(() => judge.Taken("better") == 1, what: "the frame was worked through");
        await Eventually.BecomesTrueAsync(async () => await _probe.CountAsync(BusTopology.Poison) == 2);
        Assert.That((judge.Tries("good"), judge.Tries("bad"), judge.Tries("better")), Is.EqualTo((1, 1, 1)));
    }

    [Test]
    public async Task What_cannot_be_taken_now_waits_in_its_consumer_and_is_taken_later()
    {
        var judge = new Judge();
        judge.Refuses = item => judge.Tries(item.Outcome) <= BusTopology.DeliveryLimit + 1 ? new TimeoutException("the server is away") : null;
        await using var service = await StartAsync(judge);

        await SendAsync(service, Item("patient"));

        await Eventually.BecomesTrueAsync(() => judge.Taken("patient") == 1, what: "it was taken in the end");
        Assert.That(await _probe.CountAsync(BusTopology.Poison), Is.Zero);
    }

    [Test]
    public void The_bus_comes_back_soon_in_this_version_of_MassTransit() =>
        MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit => Assert.That(rabbit.ComeBackSoon(), Is.True));

    [Test]
    public async Task A_frame_published_while_the_broker_is_away_arrives_when_it_is_back()
    {
        await using var wire = new TcpProxy("127.0.0.1", _broker.Amqp.Port);
        var judge = new Judge();
        await using var service = await StartAsync(judge, new UriBuilder(_broker.Amqp) { Port = wire.Port }.Uri);
        await using var publisher = Publisher(service, BusTopology.PushDeadLettered);
        await publisher.PublishAsync(Item("before"), CancellationToken.None);

        wire.Cut();
        var publishing = publisher.PublishAsync(Enumerable.Range(0, 200).Select(i => Item($"during {i}")), CancellationToken.None);
        await StaysUnconfirmedAsync(publishing);
        wire.Mend();
        await publishing.WaitAsync(Eventually.Patience);

        await Eventually.BecomesTrueAsync(
            () => Enumerable.Range(0, 200).All(i => judge.Taken($"during {i}") >= 1), what: "everything published had arrived");
        Assert.That(judge.Taken("before"), Is.GreaterThanOrEqualTo(1));
    }

    [Test]
    public async Task A_mandatory_frame_is_sent_again_until_there_is_a_queue_for_it()
    {
        await using var service = await StartAsync(new Judge());
        await using var publisher = Publisher(service, Provider.PushQueue("nobody"));

        await _probe.RunAsync(channel => channel.ExchangeDeclareAsync(Provider.PushQueue("nobody"), ExchangeType.Fanout, durable: true));
        var publishing = publisher.PublishAsync(Item("early"), CancellationToken.None);
        await StaysUnconfirmedAsync(publishing);
        await _probe.RunAsync(channel => BusTopology.DeclarePushQueueAsync(channel, "nobody", CancellationToken.None));
        await publishing.WaitAsync(Eventually.Patience);

        Assert.That(await _probe.CountAsync(Provider.PushQueue("nobody")), Is.EqualTo(1));
    }

    [Test]
    public async Task A_queue_that_somebody_deleted_is_declared_again()
    {
        await using var service = await StartAsync(new Judge());
        await using var publisher = Publisher(
            service, Provider.PushQueue("again"), (channel, cancellation) => BusTopology.DeclarePushQueueAsync(channel, "again", cancellation));

        await publisher.PublishAsync(Item("one"), CancellationToken.None);
        await _probe.RunAsync(channel => channel.QueueDeleteAsync(Provider.PushQueue("again")));
        await publisher.PublishAsync(Item("two"), CancellationToken.None).WaitAsync(Eventually.Patience);

        Assert.That(await _probe.CountAsync(Provider.PushQueue("again")), Is.EqualTo(1));
    }

    [Test]
    public async Task The_broker_is_asked_whether_a_queue_exists_and_does_not_make_it()
    {
        await using var broker = new Broker(_broker.Amqp, "test");

        Assert.That(await broker.QueueExistsAsync("validate.nobody", CancellationToken.None), Is.False);
        Assert.That(await broker.QueueExistsAsync("validate.nobody", CancellationToken.None), Is.False);
        await _probe.RunAsync(channel => channel.QueueDeclareAsync("validate.nobody", durable: false, exclusive: false, autoDelete: false));
        Assert.That(await broker.QueueExistsAsync("validate.nobody", CancellationToken.None), Is.True);
    }

    [Test]
    public async Task A_parked_frame_returns_to_its_push_queue()
    {
        var delay = TimeSpan.FromSeconds(1);
        await _probe.RunAsync(async channel =>
        {
            await BusTopology.DeclareAsync(channel, CancellationToken.None);
            await BusTopology.DeclarePushQueueAsync(channel, Provider.Apns, CancellationToken.None);
            await BusTopology.DeclareParkingQueueAsync(channel, Provider.Apns, delay, CancellationToken.None);
            await channel.BasicPublishAsync(BusTopology.ParkingQueue(Provider.Apns, delay), "", mandatory: true, body: new byte[] { 1 });
        });

        await Eventually.BecomesTrueAsync(async () => await _probe.CountAsync(Provider.PushQueue(Provider.Apns)) == 1, what: "it was back");
    }

    [TestCase(FrameFormat.Json)]
    [TestCase(FrameFormat.Compact)]
    public async Task A_frame_keeps_its_name_when_it_is_delivered_again(FrameFormat format)
    {
        var queue = Provider.PushQueue(Provider.Apns);
        var names = new ConcurrentQueue<Guid?>();
        await using var service = await TestService.StartAsync(
            builder => builder.AddBus(more: (_, rabbit) => rabbit.ReceiveEndpoint(queue, endpoint =>
            {
                endpoint.UseWorkQueue();
                endpoint.Handler<Frame<EncryptedPush>>(context =>
                {
                    names.Enqueue(context.MessageId);
                    return names.Count < 2 ? throw new InvalidOperationException("Once more.") : Task.CompletedTask;
                });
            })),
            settings: $"ConnectionStrings:RabbitMq={_broker.Amqp}");
        await using var line = new Broker(_broker.Amqp, "test") { FrameFormat = format };
        await using var publisher = new FramePublisher<EncryptedPush>(
            line, queue, mandatory: true, _ => 500, TimeProvider.System, NullLogger.Instance,
            (channel, cancellationToken) => BusTopology.DeclarePushQueueAsync(channel, Provider.Apns, cancellationToken));

        await publisher.PublishAsync(Item("again").Push, CancellationToken.None);

        await Eventually.BecomesTrueAsync(() => names.Count == 2, what: "it came twice");
        Assert.That(names.Distinct().Single(), Is.Not.Null.And.Not.EqualTo(Guid.Empty));
    }

    [Test]
    public async Task The_watch_over_consumers_knows_the_queues_of_the_bus()
    {
        await using var service = await StartAsync(new Judge());
        var watch = service.Services.GetRequiredService<ConsumerWatch>();

        await watch.LookAsync(CancellationToken.None);

        Assert.That(watch.Watched, Does.Contain(BusTopology.DeadLetters));
    }

    private static PushDeadLettered Item(string word) => new()
    {
        PushId = Guid.NewGuid(),
        Provider = Provider.Apns,
        Outcome = word,
        Reason = "test",
        Attempts = 1,
        DeadLetteredAt = DateTimeOffset.UnixEpoch,
        Push = new EncryptedPush
        {
            PushId = Guid.NewGuid(),
            Provider = Provider.Apns,
            DeviceId = new byte[32],
            SealedDeviceToken = [],
            Payload = [],
            ExpiresAt = DateTimeOffset.UnixEpoch,
        },
    };

    private static Frame<PushDeadLettered> Frame(params PushDeadLettered[] items) => new() { Items = items };

    private static FramePublisher<PushDeadLettered> Publisher(TestService service, string exchange, Func<IChannel, CancellationToken, Task>? declare = null) =>
        new(service.Services.GetRequiredService<Broker>(), exchange, mandatory: true, _ => 500, TimeProvider.System, NullLogger.Instance, declare);

    private static async Task SendAsync(TestService service, params PushDeadLettered[] items)
    {
        var endpoint = await service.Services.GetRequiredService<IBus>().GetSendEndpoint(new Uri($"exchange:{BusTopology.PushDeadLettered}"));
        await endpoint.Send(Frame(items));
    }

    // Gives a publisher a moment to do what it must not.
    private static async Task StaysUnconfirmedAsync(Task publishing)
    {
        await Task.WhenAny(publishing, Task.Delay(TimeSpan.FromMilliseconds(700), TimeProvider.System));
        Assert.That(publishing.IsCompleted, Is.False, "It was confirmed though nobody had taken it.");
    }

    private Task SendRawAsync(string json) =>
        _probe.RunAsync(async channel => await channel.BasicPublishAsync(
            BusTopology.DeadLetters, "", mandatory: true, new BasicProperties { ContentType = "application/vnd.masstransit+json" }, Encoding.UTF8.GetBytes(json)));

    private Task<TestService> StartAsync(Judge judge, Uri? broker = null) =>
        TestService.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(judge);
                builder.AddBus(bus => bus.AddConsumer<JudgeConsumer, JudgeDefinition>());
            },
            settings: $"ConnectionStrings:RabbitMq={broker ?? _broker.Amqp}");

    /// <summary>What the consumer does with each item, and what came of it.</summary>
    private sealed class Judge
    {
        private readonly ConcurrentDictionary<string, int> _tries = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, int> _taken = new(StringComparer.Ordinal);

        public Func<PushDeadLettered, Exception?> Refuses { get; set; } = _ => null;

        public Func<PushDeadLettered, bool> SetsAside { get; init; } = _ => false;

        public int Tries(string word) => _tries.GetValueOrDefault(word);

        public int Taken(string word) => _taken.GetValueOrDefault(word);

        public void Try(PushDeadLettered item) => _tries.AddOrUpdate(item.Outcome, 1, (_, tries) => tries + 1);

        public void Take(PushDeadLettered item) => _taken.AddOrUpdate(item.Outcome, 1, (_, times) => times + 1);
    }

    private sealed class JudgeConsumer(Judge judge, PoisonPublisher poison) : IConsumer<Frame<PushDeadLettered>>
    {
        public async Task Consume(ConsumeContext<Frame<PushDeadLettered>> context)
        {
            foreach (var item in context.Message.Items)
            {
                judge.Try(item);
                if (judge.SetsAside(item))
                    await poison.SetAsideAsync(context, item, "outcome");
                else if (judge.Refuses(item) is { } refusal)
                    throw refusal;
                else
                    judge.Take(item);
            }
        }
    }

    private sealed class JudgeDefinition : ConsumerDefinition<JudgeConsumer>
    {
        public JudgeDefinition()
        {
            EndpointName = BusTopology.DeadLetters;
            ConcurrentMessageLimit = 4;
        }

        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<JudgeConsumer> consumerConfigurator, IRegistrationContext context)
        {
            endpointConfigurator.UseWorkQueue();
            endpointConfigurator.UseTransientRetry();
        }
    }
}
