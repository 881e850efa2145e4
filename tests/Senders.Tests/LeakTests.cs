using System.Diagnostics;
using System.Text;
using Senders.Tests.Harness;
using Sotto.Apns;
using Sotto.Delivery;
using Sotto.FakeApns;
using Sotto.FakeProvider;
using Sotto.Fcm;
using Sotto.Hms;
using Sotto.VendorHttp;

namespace Senders.Tests;

/// <summary>What must never be seen: device tokens, payloads and credentials, in texts, logs and queues. And that a sender that is killed loses nothing.</summary>
public sealed class LeakTests
{
    private const string Secret = "5ec7e75ec7e75ec7e75ec7e75ec7e75ec7e75ec7e75ec7e75ec7e75ec7e75ec7";

    [Test]
    public void No_text_of_a_message_shows_its_secrets()
    {
        var body = Encoding.UTF8.GetBytes(Secret);
        object[] things =
        [
            new ApnsNotification(Guid.NewGuid(), Secret, body),
            new FcmMessage { Token = Secret, Fid = Secret, Data = [new("enc_payload", Secret)] },
            new HmsMessage { Data = Secret, Tokens = [Secret] },
            new HmsResponse { IllegalTokens = [Secret] },
            new AccessToken(Secret, default, default),
            new AccessTokenAnswer { Token = new AccessToken(Secret, default, default), Answer = new VendorAnswer { Body = body } },
            new VendorAnswer { Body = body, Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["x"] = Secret } },
            new VendorRequest("/3/device/" + Secret, "application/json", body) { Headers = [new("authorization", Secret)] },
            SenderUnderTest.Push(Provider.Apns, Secret),
            new SealedContent(Secret, Secret, Secret),
            new OpenedToken(Secret, "app"),
            new WebPushSender.WebPushDevice("https://push.example.net/" + Secret, Secret, Secret),
            new Sotto.WebPush.WebPushMessage(body, TimeSpan.Zero, Sotto.WebPush.WebPushUrgency.High),
            new Sotto.WebPush.WebPushResponse { Status = 400, Body = Secret },
        ];

        foreach (var thing in things)
            Assert.That(thing.ToString(), Does.Not.Contain(Secret), thing.GetType().Name);
    }

    [Test]
    public async Task A_killed_sender_loses_nothing_and_neither_its_log_nor_the_queues_show_a_token()
    {
        await using var apple = await FakeApns.StartAsync(new FakeApnsOptions { Latency = TimeSpan.FromMilliseconds(200) });
        await using var sender = await SenderUnderTest.PrepareAsync(ApnsSender.Program.Build);
        sender.Use(apple);
        sender.Settings["Log:Level"] = "Verbose";
        sender.Settings["Apns:Streams"] = "20";
        sender.Settings["Delivery:ParkingSeconds"] = "1,300";
        var tokens = Enumerable.Range(0, 400).Select(_ => Providers.ApnsToken()).ToList();
        foreach (var (token, index) in tokens.Select((token, index) => (token, index)))
        {
            // Every kind of answer passes through the log.
            if (index % 8 == 1)
                apple.Tokens.Set(token, TokenState.Unregistered);
            if (index % 8 == 2)
                apple.Tokens.Set(token, TokenState.Throttled);
        }

        await sender.DeclarePushQueueAsync(Provider.Apns);
        await sender.Bus.PushAsync([.. tokens.Select(token => SenderUnderTest.Push(Provider.Apns, token))]);
        var waiting = await sender.Queues.PeekAsync(Provider.PushQueue(Provider.Apns), 100);
        Assert.That(waiting, Is.Not.Empty);

        var log = new StringBuilder();
        using (var first = Start(sender, log))
        {
            await apple.Ledger.WaitForAcceptedAsync(30, Eventually.Patience);
            first.Kill();
            await first.WaitForExitAsync();
        }

        using (var second = Start(sender, log))
        {
            await Eventually.BecomesTrueAsync(async () => await Settled(sender), TimeSpan.FromSeconds(60), "every push had found its end or was parked");
            second.Kill();
            await second.WaitForExitAsync();
        }

        var letters = await sender.Queues.PeekAsync("dead-letters", 1000);
        var parked = await sender.Queues.PeekAsync("push.apns.park.300s", 1000);
        Assert.That(apple.Ledger.Summarise().Distinct, Is.EqualTo(300));
        Assert.That(letters, Is.Not.Empty);
        Assert.That(parked, Is.Not.Empty);
        var dump = string.Concat(waiting.Concat(letters).Concat(parked).Append(log.ToString()));
        Assert.That(log.ToString(), Does.Contain("TooManyRequests"), "the log is that of the sender");
        Assert.That(tokens.Where(token => dump.Contains(token, StringComparison.OrdinalIgnoreCase)), Is.Empty);
        Assert.That(dump, Does.Not.Contain("bearer"));
        Assert.That(log.ToString(), Does.Not.Contain("enc_payload"));
    }

    private static async Task<bool> Settled(SenderUnderTest sender)
    {
        var accepted = sender.Bus.Accepted.Select(report => report.PushId);
        var dead = sender.Bus.DeadLettered.Select(report => report.PushId);
        var settled = accepted.Concat(dead).Distinct().Count();
        return settled >= 350 && await sender.Queues.CountItemsAsync("push.apns.park.300s") >= 50;
    }

    private static Process Start(SenderUnderTest sender, StringBuilder log)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "ApnsSender.dll"));
        foreach (var (key, value) in sender.Settings)
            start.ArgumentList.Add($"--{key}={value}");
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;

        void Keep(string? line)
        {
            lock (log)
                log.AppendLine(line);
        }
    }
}
