using Sotto.Dev.Running;
using Sotto.FakePhone;
using Phone = Sotto.FakePhone.FakePhone;

namespace Sotto.Dev.Chaos;

/// <summary>The devices of a run: from a seed always the same, but for what <see cref="Browsers"/> are given.</summary>
internal sealed class Crowd
{
    private const int AccountsMin = 16;
    private const int AccountsMax = 400;
    private const int PushesForAccount = 250;
    private const int Ordinary = 0;
    private const int Special = 5;
    private const int KeyBytes = 32;

    // Who renews takes one about every eight seconds. They are drawn beforehand, so that each can be looked for from the first message on.
    private const int FurtherKeys = 100;

    private static readonly string[] Services = ["apns", "firebase", "huawei", "apns", "firebase", "huawei", "apns-sandbox", Browsers.Service];

    public Crowd(IReadOnlyList<Device> devices)
    {
        Devices = devices;
        ByAccount = devices.ToLookup(device => device.Account, StringComparer.OrdinalIgnoreCase);
        Accounts = [.. ByAccount.Select(account => account.Key)];
    }

    public IReadOnlyList<Device> Devices { get; }

    public IReadOnlyList<string> Accounts { get; }

    public ILookup<string, Device> ByAccount { get; }

    /// <summary>The simulator that plays the provider of a device.</summary>
    public static string SimulatorOf(string service) => service switch
    {
        "firebase" => SimulatorCatalogue.Fcm,
        "huawei" => SimulatorCatalogue.Hms,
        Browsers.Service => SimulatorCatalogue.WebPush,
        _ => SimulatorCatalogue.Apns,
    };

    public static Crowd Make(int seed, int pushes)
    {
        var random = new Random(seed);
        var devices = new List<Device>();
        var accounts = Math.Clamp(pushes / PushesForAccount, AccountsMin, AccountsMax);
        for (var i = 0; i < accounts; i++)
        {
            var account = SessionAccount.Create(unchecked(seed * 31 + i));
            // One in four has a second device, one in twenty a third.
            var count = random.Next(20) switch { 0 => 3, < 5 => 2, _ => 1 };
            for (var k = 0; k < count; k++)
            {
                // The first device of an account stays, so that there is always somebody to hear.
                var role = k == 0 && i % 4 != 0 ? Role.Steady : (Role)random.Next(5);
                var service = Services[random.Next(Services.Length)];
                devices.Add(new Device(
                    $"{service} {i}.{k}", service, Phone.Create(account, unchecked(seed * 7919 + i * 8 + k)), role, random.Next(3) == 0 ? [Ordinary, Special] : [Ordinary],
                    role == Role.Renewing ? Keys(unchecked(seed * 6151 + i * 8 + k)) : []));
            }
        }

        return new Crowd(devices);
    }

    /// <summary>The devices that a message of an account in a namespace is for.</summary>
    public IEnumerable<Device> For(string account, int @namespace) => ByAccount[account].Where(device => device.Namespaces.Contains(@namespace));

    /// <summary>Where a message may be stored.</summary>
    public static int NamespaceOf(Random random) => random.Next(10) == 0 ? Special : Ordinary;

    private static byte[][] Keys(int seed)
    {
        var random = new Random(seed);
        var keys = new byte[FurtherKeys][];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = new byte[KeyBytes];
            random.NextBytes(keys[i]);
        }

        return keys;
    }
}
