using Senders.Tests.Harness;
using Sotto.FakeApns;
using Sotto.FakeHms;
using Sotto.FakeProvider;

namespace Senders.Tests;

/// <summary>One provider is dead for long, and its backlog grows: the broker keeps it, and nobody else notices.</summary>
public sealed class OutageTests
{
    private const int Backlog = 8_000;
    private const int Others = 1000;
    private const long GrowthMax = 100L * 1024 * 1024;

    [Test]
    public async Task A_growing_backlog_stays_in_the_broker_and_other_providers_go_on()
    {
        await using var dead = await FakeApns.StartAsync();
        await using var alive = await FakeApns.StartAsync(new FakeApnsOptions { Authority = dead.Authority, Key = dead.Key });
        await using var sender = await SenderUnderTest.PrepareAsync(ApnsSender.Program.Build);
        sender.Use(dead);
        sender.Settings["ApnsSandbox:Endpoint"] = alive.SandboxEndpoint.ToString();
        sender.Settings["Delivery:HoldSeconds"] = "0";
        sender.Settings["Delivery:ParkingSeconds"] = "1,5,15";
        dead.Faults.Add(new Fault { Kind = FaultKind.Refuse, Count = 0 });
        await sender.RunAsync();
        EncryptedPush[] warm = [.. Pushes(Provider.ApnsSandbox, 100), .. Pushes(Provider.Apns, 100)];
        await sender.Bus.PushAsync(warm);
        await alive.Ledger.WaitForAcceptedAsync(100, Eventually.Patience);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var i = 0; i < 10; i++)
        {
            await sender.Bus.PushAsync([.. Pushes(Provider.Apns, Backlog / 10), .. Pushes(Provider.ApnsSandbox, Others / 10)]);
            await alive.Ledger.WaitForAcceptedAsync(100 + ((i + 1) * Others / 10), Eventually.Patience);
        }

        await Eventually.BecomesTrueAsync(async () => await sender.Queues.ReadyAsync("push.apns") > 100, what: "the queue kept them");
        Assert.That(dead.Ledger.Accepted, Is.Zero);
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(GrowthMax), "this process did not");
        dead.Faults.Clear();

        await Eventually.BecomesTrueAsync(
            () => sender.Bus.Accepted.Where(report => report.Provider == Provider.Apns).Select(report => report.PushId).Distinct().Count() == Backlog + 100,
            TimeSpan.FromSeconds(180), "all were taken");
        Assert.That(sender.Bus.DeadLettered, Is.Empty);
        Assert.That(sender.Bus.Expired, Is.Empty);
        Assert.That(dead.Ledger.Summarise().Refused, Is.Empty);
    }

    [Test]
    public async Task What_has_piled_up_goes_out_within_the_provider_s_quota()
    {
        // What arrives in one second was begun in it, or is one of those that were under way before.
        const int PerSecond = 200;
        const int Connections = 16;
        const int Waiting = 1_000;
        const int OutageAttempts = 20;
        await using var huawei = await FakeHms.StartAsync(new FakeHmsOptions { Qps = PerSecond + Connections });
        await using var sender = await SenderUnderTest.PrepareAsync(HuaweiSender.Program.Build);
        sender.Use(huawei);
        sender.Settings["Huawei:MessagesPerMinuteMax"] = $"{60 * PerSecond}";
        sender.Settings["Huawei:Connections"] = $"{Connections}";
        sender.Settings["Delivery:OutageAttempts"] = $"{OutageAttempts}";
        huawei.Faults.Add(new Fault { Kind = FaultKind.Close, Path = "messages:send", Count = 0 });
        await sender.RunAsync();
        await sender.Bus.PushAsync([.. Enumerable.Range(0, Waiting).Select(_ => SenderUnderTest.Push(Provider.Huawei, Providers.HmsToken()))]);
        await Eventually.BecomesTrueAsync(() => huawei.Ledger.Summarise().Faults.GetValueOrDefault(FaultKind.Close) >= OutageAttempts, what: "the outage was noticed");

        huawei.Faults.Clear();

        await Eventually.BecomesTrueAsync(() => sender.Bus.Accepted.Select(report => report.PushId).Distinct().Count() == Waiting, TimeSpan.FromSeconds(120), "all were taken");
        Assert.That(huawei.Ledger.Summarise().Refused, Is.Empty);
        Assert.That(sender.Bus.DeadLettered, Is.Empty);
    }

    private static IEnumerable<EncryptedPush> Pushes(string provider, int count) =>
        Enumerable.Range(0, count).Select(_ => SenderUnderTest.Push(provider, Providers.ApnsToken()));
}
