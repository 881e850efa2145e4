using Cli.Tests.Support;
using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using SubscriptionApi.Tests.Support;

namespace Cli.Tests.Checks;

/// <summary><c>sotto send-test</c> with stand-ins for the Encryptor and the sender, and <c>sotto config check</c> on the services' own programs.</summary>
public sealed class ChecksTests
{
    private static readonly byte[] DeviceId = [.. Enumerable.Repeat((byte)6, 32)];

    [Test]
    public async Task A_test_tells_each_hop_or_where_it_stopped()
    {
        await using var api = await ApiUnderTest.StartedAsync();
        var id = await InsertAsync(api);

        var stopped = await Operator.TypesAsync(api, "send-test", $"{id}", "--seconds", "1");

        Assert.That((stopped.ExitCode, stopped.Output.Contains("does an Encryptor run", StringComparison.Ordinal)), Is.EqualTo((1, true)), stopped.Output + stopped.Error);

        var bus = StandIns(api.Broker.Amqp);
        await bus.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);
        var arrived = await Operator.TypesAsync(api, "send-test", $"{id}", "--json");
        await bus.StopAsync();

        Assert.That(arrived.Json.GetProperty("delivered").GetBoolean(), Is.True, arrived.Output);
        Assert.That(arrived.Json.GetProperty("hops").GetArrayLength(), Is.EqualTo(3));
        Assert.That(arrived.Output, Does.Not.Contain("0505050505"));
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

    private static IBusControl StandIns(Uri broker) => Bus.Factory.CreateUsingRabbitMq(rabbit =>
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
                    DeviceId = DeviceId,
                    SealedDeviceToken = [1],
                    Payload = [1],
                    ExpiresAt = TimeProvider.System.GetUtcNow().AddHours(1),
                };
                await context.Send(new Uri("exchange:push.apns"), new Frame<EncryptedPush> { Items = [push] });
            });
        });
        rabbit.ReceiveEndpoint("push.apns", endpoint =>
        {
            endpoint.UseWorkQueue();
            endpoint.Handler<Frame<EncryptedPush>>(context => context.Send(
                new Uri($"exchange:{BusTopology.PushAccepted}"),
                new Frame<PushAccepted>
                {
                    Items = [new PushAccepted { PushId = context.Message.Items[0].PushId, Provider = "apns", AcceptedAt = TimeProvider.System.GetUtcNow(), Attempts = 1 }],
                }));
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
