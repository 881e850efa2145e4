using Cli.Tests.Support;
using MassTransit;
using Microsoft.Extensions.Logging.Abstractions;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using SubscriptionApi.Tests.Support;

namespace Cli.Tests.Checks;

/// <summary><c>sotto send-test</c> with stand-ins for the Encryptor and the sender, and <c>sotto config check</c> on the services' own programs.</summary>
public sealed class ChecksTests
{
    private static readonly byte[] DeviceId = [.. Enumerable.Repeat((byte)6, 32)];

    [Test]
    public async Task A_test_tells_each_hop()
    {
        await using var api = await ApiUnderTest.StartedAsync();
        var id = await InsertAsync(api);
        var bus = StandIns(api.Broker.Amqp, AcceptAsync);
        await bus.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);

        var arrived = await Operator.TypesAsync(api, "send-test", $"{id}", "--json");
        await bus.StopAsync();

        Assert.That(arrived.Json.GetProperty("delivered").GetBoolean(), Is.True, arrived.Output);
        Assert.That(arrived.Json.GetProperty("hops").GetArrayLength(), Is.EqualTo(3));
        Assert.That(arrived.Output, Does.Not.Contain("0505050505"));
    }

    [Test]
    public async Task A_test_tells_that_no_Encryptor_runs()
    {
        await using var api = await ApiUnderTest.StartedAsync();

        await StopsAsync(api, "No Encryptor is running");
    }

    [Test]
    public async Task A_test_tells_that_the_Encryptor_does_not_know_the_device()
    {
        await using var api = await ApiUnderTest.StartedAsync();
        var bus = StandIns(api.Broker.Amqp, AcceptAsync, deviceId: new byte[32]);
        await bus.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);

        await StopsAsync(api, "does not hold this subscription");
        await bus.StopAsync();
    }

    [TestCase(FrameFormat.Json)]
    [TestCase(FrameFormat.Compact)]
    public async Task A_test_tells_that_no_sender_runs_whatever_form_pushes_have(FrameFormat format)
    {
        await using var api = await ApiUnderTest.StartedAsync();
        var bus = StandIns(api.Broker.Amqp, sender: null, format: format);
        await bus.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);

        await StopsAsync(api, "No sender of apns is running");
        await bus.StopAsync();
    }

    [Test]
    public async Task A_test_tells_that_the_provider_is_dead_by_what_its_sender_has_parked()
    {
        await using var api = await ApiUnderTest.StartedAsync();
        var bus = StandIns(api.Broker.Amqp, context => context.Send(new Uri("exchange:push.apns.park.3600s"), context.Message));
        await bus.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);
        await using (var broker = new Broker(api.Broker.Amqp, "test"))
            await broker.WithChannelAsync(channel => BusTopology.DeclareParkingQueueAsync(channel, "apns", TimeSpan.FromHours(1), CancellationToken.None), CancellationToken.None);

        await StopsAsync(api, "parked for another attempt");
        await bus.StopAsync();
    }

    [Test]
    public async Task Settings_are_right_or_wrong_in_a_sentence_for_each()
    {
        // The services' programs lie beside this test: it references them.
        var folder = Directory.CreateTempSubdirectory("sotto-programs-");
        Directory.CreateSymbolicLink(Path.Combine(folder.FullName, "DeadLetterKeeper"), TestContext.CurrentContext.TestDirectory);
        string[] check = ["config", "check", "--service", "DeadLetterKeeper", "--programs", folder.FullName, "--postgres", "Host=nowhere.invalid;Database=x"];

        var right = await Operator.TypesAsync([.. check, "--rabbitmq", "amqp://nowhere.invalid"]);
        var wrong = await Operator.TypesAsync([.. check, "--rabbitmq", "nowhere"]);
        folder.Delete(recursive: true);

        Assert.That((right.ExitCode, right.Output), Is.EqualTo((0, $"right  DeadLetterKeeper{Environment.NewLine}")), right.Error);
        Assert.That((wrong.ExitCode, wrong.Output.Contains("wrong  DeadLetterKeeper: Setting ConnectionStrings:RabbitMq", StringComparison.Ordinal)), Is.EqualTo((78, true)), wrong.Output);
    }

    private static async Task StopsAsync(ApiUnderTest api, string verdict)
    {
        var stopped = await Operator.TypesAsync(api, "send-test", $"{await InsertAsync(api)}", "--seconds", "3");

        Assert.That((stopped.ExitCode, stopped.Output.Contains(verdict, StringComparison.Ordinal)), Is.EqualTo((1, true)), stopped.Output + stopped.Error);
    }

    private static Task AcceptAsync(ConsumeContext<Frame<EncryptedPush>> context) => context.Send(
        new Uri($"exchange:{BusTopology.PushAccepted}"),
        new Frame<PushAccepted>
        {
            Items = [new PushAccepted { PushId = context.Message.Items[0].PushId, Provider = "apns", AcceptedAt = TimeProvider.System.GetUtcNow(), Attempts = 1 }],
        });

    private static IBusControl StandIns(
        Uri broker, MessageHandler<Frame<EncryptedPush>>? sender, byte[]? deviceId = null, FrameFormat format = FrameFormat.Json) => Bus.Factory.CreateUsingRabbitMq(rabbit =>
    {
        rabbit.Host(broker);
        rabbit.DeployPublishTopology = false;
        rabbit.ReceiveEndpoint(BusTopology.Encryptor, endpoint =>
        {
            endpoint.UseWorkQueue();
            endpoint.Handler<Frame<MessageArrived>>(async context =>
            {
                var push = new EncryptedPush
                {
                    PushId = Guid.NewGuid(),
                    Provider = "apns",
                    DeviceId = deviceId ?? DeviceId,
                    SealedDeviceToken = [1],
                    Payload = [1],
                    ExpiresAt = TimeProvider.System.GetUtcNow().AddHours(1),
                };
                await using var line = new Broker(broker, "test") { FrameFormat = format };
                await using var pushes = new FramePublisher<EncryptedPush>(line, "push.apns", mandatory: true, _ => 1, TimeProvider.System, NullLogger.Instance);
                await pushes.PublishAsync(push, context.CancellationToken);
            });
        });
        if (sender is null)
            return;
        rabbit.ReceiveEndpoint("push.apns", endpoint =>
        {
            endpoint.UseWorkQueue();
            endpoint.Handler(sender);
        });
    });

    private static async Task<Guid> InsertAsync(ApiUnderTest api)
    {
        await using var command = api.Data.CreateCommand(
            """
            INSERT INTO subscriptions (subscription_id, account, session_ed25519, signature, signature_ts, wants_data, namespaces, provider, device_id,
                sealed_device_token, sealed_envelope_key, revision, created_at, renewed_at)
            VALUES (gen_random_uuid(), decode(repeat('05', 33), 'hex'), decode(repeat('02', 32), 'hex'), decode(repeat('03', 64), 'hex'), extract(epoch FROM now())::bigint, true,
                ARRAY[0], 'apns', decode(repeat('06', 32), 'hex'), decode(repeat('07', 90), 'hex'), decode(repeat('08', 80), 'hex'), 1, now(), now())
            RETURNING subscription_id
            """);
        return (Guid)(await command.ExecuteScalarAsync())!;
    }
}
