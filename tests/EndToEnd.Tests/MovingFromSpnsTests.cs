using System.Diagnostics;
using Cli.Tests.Support;
using NUnit.Framework;
using Sotto.Dev.Running;
using Sotto.FakePhone;
using Sotto.Ledger;
using Sotto.Session;
using Sotto.Sodium;
using Sotto.TestSupport;
using Phone = Sotto.FakePhone.FakePhone;

namespace EndToEnd.Tests;

/// <summary>docs/operating/moving-from-spns.md, step by step, with the command itself, while the existing server goes on.</summary>
public sealed class MovingFromSpnsTests
{
    private static readonly string[] Services = ["apns", "firebase", "huawei"];

    private readonly string _theirs = Directory.CreateTempSubdirectory("sotto-spns-").FullName;

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(_theirs, recursive: true);

    [Test]
    public async Task By_the_guide_every_phone_is_woken_by_both_servers_and_then_by_the_new_one_and_none_needs_a_new_build()
    {
        await using var spns = await SpnsServer.CreateAsync();
        var onionKey = RandomKey();
        await File.WriteAllBytesAsync(At("onionreq_key"), onionKey);
        await File.WriteAllTextAsync(At("spns.ini"), $"[db]\nurl = {UriOf(spns.Database)}\n[keys]\nonionreq = {At("onionreq_key")}\n[hivemind]\nmax_connects = 500\n");
        var before = Services.Select(service => (Service: service, Phone: Phone.Create())).ToList();
        foreach (var (service, phone) in before)
            await spns.StoreAsync(WishOf(phone, service));

        // Before: keys first, then Sotto beside the running server.
        await using var world = await World.StartAsync(prepare: folder => SottoAsync("keys", "import", At("onionreq_key"), "--as", "onion", "--folder", Path.Combine(folder, "keys")));
        using var old = new OldServer(world.System.State);
        await old.MonitorAsync(before.Select(entry => SubscriptionOf(entry.Phone)));

        // 1: first import. Both servers notify.
        var byOld = await world.Swarm.MonitorsAsync(before[0].Phone.Account.Hex, CancellationToken.None);
        Assert.That(byOld, Is.Positive);
        await ImportAsync(world);
        var promised = new List<PushKey>();
        foreach (var (service, phone) in before)
        {
            var name = world.Adopt(service, phone);
            await Eventually.BecomesTrueAsync(
                async () => await world.Swarm.MonitorsAsync(phone.Account.Hex, CancellationToken.None) == 2 * byOld, what: "each node was asked by both servers");
            promised.Add(new PushKey(name, await world.StoreAsync(name, "to both"u8.ToArray())));
        }

        await ArriveAsync(world, promised);
        await Eventually.BecomesTrueAsync(() => promised.TrueForAll(key => old.Heard(key.Message)), what: "the existing server heard of each message, too");

        // In between a phone still finds the existing server; 2: then the address is switched, and others come by onion request under the key that they know.
        var late = Phone.Create();
        await spns.StoreAsync(WishOf(late, "apns"));
        var publicKey = new byte[X25519.KeySize];
        X25519.PublicKey(onionKey, publicKey);
        var switched = await world.SubscribeAsync("firebase", via: new Route.Onion(publicKey, OnionCipher.AesGcm));

        // 3: second import; 4: the existing server ends.
        await ImportAsync(world);
        old.Dispose();
        var lateName = world.Adopt("apns", late);
        await world.MonitoredAsync(late);
        promised.AddRange([
            new(switched, await world.StoreAsync(switched, "by the new address"u8.ToArray())), new(lateName, await world.StoreAsync(lateName, "in between"u8.ToArray())),
        ]);
        await ArriveAsync(world, promised);
    }

    private static byte[] RandomKey()
    {
        var key = new byte[X25519.KeySize];
        RandomSource.Fill(key);
        return key;
    }

    private static SpnsWish WishOf(Phone phone, string service) =>
        SpnsWish.Of(phone.Account, phone.TokenFor(service), Now, 0) with { Service = service, EnvelopeKey = phone.EnvelopeKey.ToArray() };

    private static MonitorSubscription SubscriptionOf(Phone phone)
    {
        var wish = WishOf(phone, "apns");
        return new MonitorSubscription(AccountId.Create(phone.Account.Id), phone.Account.SessionEd25519, null, null, [0], WantsData: true, wish.SignedAtSeconds, wish.Signature);
    }

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60;

    private static Task ArriveAsync(World world, IReadOnlyList<PushKey> promised) => Eventually.BecomesTrueAsync(
        async () => await world.JudgeAsync(promised) is { Lost: 0, Duplicated: 0 }, what: "each phone read each of its messages once");

    // The guide's file says where the database is in libpq's form.
    private static string UriOf(string connectionString)
    {
        var database = new Npgsql.NpgsqlConnectionStringBuilder(connectionString);
        return $"postgresql://{database.Username}:{Uri.EscapeDataString(database.Password ?? "")}@{database.Host}:{database.Port}/{database.Database}";
    }

    private static async Task SottoAsync(params string[] typed)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in (string[])[Path.Combine(TestContext.CurrentContext.TestDirectory, "sotto.dll"), .. typed])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, await error + await output);
        TestContext.Progress.WriteLine(await error + await output);
    }

    private Task ImportAsync(World world) => SottoAsync(
        "import", "spns", "--ini", At("spns.ini"), "--folder", world.KeysFolder, "--report", At("refused.jsonl"),
        "--rabbitmq", world.System.State.Broker!.Amqp.ToString(), "--postgres", world.System.State.Database!.ConnectionString);

    private string At(string name) => Path.Combine(_theirs, name);
}
