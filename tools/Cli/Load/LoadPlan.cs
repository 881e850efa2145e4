using System.Globalization;
using Sotto.FakePhone;
using Sotto.Hosting.Settings;

namespace Sotto.Cli.Load;

/// <summary>What a load shall be; every number is within its bounds.</summary>
internal sealed record LoadPlan
{
    /// <summary>Most subscriptions, or messages, a second.</summary>
    public const int RateMax = 20_000;

    /// <summary>Most made-up phones.</summary>
    public const int SubscriptionsMax = 1_000_000;

    /// <summary>Most subscriptions in one request: as many as fit into the 100,000 bytes that a request may have.</summary>
    public const int ArrayMax = 100;

    /// <summary>Longest time of renewing and messages, in seconds.</summary>
    public const int SecondsMax = 86_400;

    /// <summary>Largest message, in bytes: what the network takes.</summary>
    public const int MessageBytesMax = 76_800;

    /// <summary>The providers whose device tokens can be made up.</summary>
    public static IReadOnlyList<string> Providers { get; } = ["apns", "apns-sandbox", "firebase", "huawei", "dummy"];

    public required Uri Api { get; init; }

    /// <summary>How requests go there.</summary>
    public required Route Route { get; init; }

    public required string Provider { get; init; }

    /// <summary>Subscriptions a second.</summary>
    public required double Rate { get; init; }

    public required int Subscriptions { get; init; }

    public required int Seed { get; init; }

    /// <summary>Subscriptions in one request.</summary>
    public required int Array { get; init; }

    /// <summary>How long to renew and to store messages after all are subscribed.</summary>
    public required int Seconds { get; init; }

    /// <summary>Messages a second; needs <see cref="Simulators"/>.</summary>
    public required double MessageRate { get; init; }

    public required int MessageBytes { get; init; }

    /// <summary>Leaves the phones subscribed.</summary>
    public required bool Keep { get; init; }

    /// <summary>Does nothing but unsubscribe what an earlier load left.</summary>
    public required bool CleanUpOnly { get; init; }

    /// <summary>The simulated network and provider; null where they are real.</summary>
    public required SimulatorDoors? Simulators { get; init; }

    /// <summary>Everything that a load of this plan does, for the operator to read before it is done.</summary>
    public IEnumerable<string> Describe()
    {
        var way = Route is Route.Onion ? "by onion requests" : "straight";
        var phones = $"{Number(Subscriptions)} made-up phones of {Provider} (seed {Seed}), {Number(Rate)} a second, {way}, at {Api.GetLeftPart(UriPartial.Authority)}";
        if (CleanUpOnly)
        {
            yield return $"Unsubscribe {phones}.";
            yield break;
        }

        yield return $"Subscribe {phones}{(Array > 1 ? $", {Array} in a request" : "")}.";
        if (Simulators is null)
            yield return "Its listener then asks the storage network that it is connected to for the messages of these accounts. Nobody writes to them: no push follows, and no provider is asked.";
        if (Seconds > 0)
            yield return $"For {Number(Seconds)} s renew them at the same rate{(MessageRate > 0 ? $", and store {Number(MessageRate)} messages of {Number(MessageBytes)} bytes a second for them in the simulated network" : "")}.";
        yield return Keep
            ? "Leave them subscribed (--keep); sotto load --clean-up with the same numbers takes them away. Without it they end by themselves 14 days after the last renewal."
            : "Unsubscribe all of them, also when stopped by Ctrl-C.";
    }

    /// <summary>The plan itself when its numbers are within bounds.</summary>
    /// <exception cref="SettingsException">One is not; the sentence names it.</exception>
    public LoadPlan Checked()
    {
        Require(Rate is > 0 and <= RateMax, $"--rate is more than 0 and at most {Number(RateMax)} a second.");
        Require(Subscriptions is >= 1 and <= SubscriptionsMax, $"--subscriptions is 1 to {Number(SubscriptionsMax)}.");
        Require(Array is >= 1 and <= ArrayMax, $"--array is 1 to {ArrayMax}.");
        Require(Seconds is >= 0 and <= SecondsMax, $"--seconds is 0 to {Number(SecondsMax)}.");
        Require(MessageRate is >= 0 and <= RateMax, $"--messages is 0 to {Number(RateMax)} a second.");
        Require(MessageBytes is >= 1 and <= MessageBytesMax, $"--message-bytes is 1 to {Number(MessageBytesMax)}.");
        Require(Providers.Contains(Provider, StringComparer.Ordinal), $"--provider is one of {string.Join(", ", Providers)}.");
        Require(MessageRate == 0 || Simulators is not null, "--messages needs a simulated network and provider: --swarm-control and --provider-control.");
        return this;
    }

    private static void Require(bool condition, string sentence)
    {
        if (!condition)
            throw new SettingsException(sentence);
    }

    private static string Number(double number) => number.ToString("#,0.##", CultureInfo.InvariantCulture);
}

/// <summary>The control endpoints of the simulators that a load may use.</summary>
internal sealed record SimulatorDoors(Uri Swarm, Uri Provider);
