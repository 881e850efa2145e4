using System.Security.Cryptography;
using Senders.Tests.Harness;
using Sotto.RawHttp2;

namespace Senders.Tests;

/// <summary>The whole sender of Apple against a server that does all that a connection can suffer: the books balance.</summary>
public sealed class RawHttp2SenderTests
{
    private const int Count = 600;

    [Test]
    public async Task Whatever_happens_to_connections_every_push_is_taken_and_none_is_given_up()
    {
        await using var server = await RawHttp2Server.StartAsync(streamsMax: 1);
        await using var sender = await SenderUnderTest.PrepareAsync(ApnsSender.Program.Build);
        Configure(sender, server);
        server.Answer = _ => new RawAnswer { Delay = TimeSpan.FromMilliseconds(10) };
        await sender.RunAsync();
        EncryptedPush[] pushes = [.. Enumerable.Range(0, Count).Select(_ => SenderUnderTest.Push(Provider.Apns, Providers.ApnsToken()))];

        foreach (var (part, step) in pushes.Chunk(Count / 6).Zip(Enumerable.Range(0, 6)))
        {
            await sender.Bus.PushAsync(part);
            await Eventually.BecomesTrueAsync(() => server.Requests.Count > 5 * (step + 1), what: "some were under way");
            await DisturbAsync(server, step);
        }

        await Eventually.BecomesTrueAsync(() => sender.Bus.Accepted.Select(report => report.PushId).Distinct().Count() == Count, TimeSpan.FromSeconds(120), "all were taken");
        Assert.That(sender.Bus.DeadLettered, Is.Empty);
        Assert.That(sender.Bus.Expired, Is.Empty);
        var answered = server.Requests.Where(request => request.Fate == RequestFate.Answered).Select(request => request.Header("apns-id")).ToHashSet(StringComparer.Ordinal);
        Assert.That(answered, Is.EquivalentTo(pushes.Select(push => push.PushId.ToString())), "what was reported as taken was taken");
    }

    private static async Task DisturbAsync(RawHttp2Server server, int step)
    {
        switch (step)
        {
            case 0:
                await server.AnnounceAsync(500);
                break;
            case 1:
                await server.GoAwayAsync("""{"reason":"Shutdown"}""", leaveBehind: 5, answerOthers: true);
                break;
            case 2:
                await server.AnnounceAsync(1);
                break;
            case 3:
                await server.GoAwayAsync("""{"reason":"InternalServerError"}""", leaveBehind: 1, answerOthers: false);
                break;
            case 4:
                server.Freeze();
                await server.AnnounceAsync(50);
                break;
            default:
                break;
        }
    }

    private static void Configure(SenderUnderTest sender, RawHttp2Server server)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        sender.Settings["Tls:TrustedCa"] = sender.Write("ca.pem", server.Authority.Pem);
        sender.Settings["Apns:Endpoint"] = server.Endpoint.ToString();
        sender.Settings["Apns:Topic"] = "org.example.sotto";
        sender.Settings["Apns:KeyFile"] = sender.Write("key.p8", key.ExportPkcs8PrivateKeyPem());
        sender.Settings["Apns:KeyId"] = "ABC123DEFG";
        sender.Settings["Apns:TeamId"] = "DEF123GHIJ";
        sender.Settings["Apns:RequestTimeoutSeconds"] = "2";
        sender.Settings["Apns:SealingKeyFile"] = sender.SealingKeyFile();
    }
}
