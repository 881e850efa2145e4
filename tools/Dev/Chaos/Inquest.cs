using System.Globalization;

namespace Sotto.Dev.Chaos;

/// <summary>Asks of each dead letter whether it had to be: what could still have been delivered has not ended, but was given up.</summary>
internal static class Inquest
{
    // A push is given up for its age when it is as old as that; clocks may be a minute wrong.
    private static readonly TimeSpan Old = TimeSpan.FromMinutes(ChaosWorld.RetryMinutesMax) / 2;
    private static readonly TimeSpan ClockError = TimeSpan.FromSeconds(FaultPlan.ClockStepSecondsMax + 10);

    /// <summary>What is wrong with the letters, in a sentence for each outcome; nothing when each had to be.</summary>
    public static IReadOnlyList<string> Of(Testimony seen, Kept kept)
    {
        var refusals = new Dictionary<string, int>(seen.Refused, StringComparer.Ordinal);
        return
        [
            .. kept.Letters.DistinctBy(letter => (letter.Push, letter.Outcome))
                .Where(letter => seen.Pushes.TryGetValue(letter.Push, out var push) && !HadToBe(letter, push, refusals))
                .GroupBy(letter => letter.Outcome, StringComparer.Ordinal)
                .Select(letters => Tell(letters.Count(), letters.First(), seen.Pushes[letters.First().Push])),
        ];
    }

    private static bool HadToBe(Letter letter, SealedPush push, Dictionary<string, int> refusals)
    {
        switch (letter.Outcome)
        {
            case "TOKEN_DEAD":
                return push.Device.Role == Role.Dying && !(letter.At + ClockError < push.Device.GoneFrom);
            // One for each answer that the provider was told to give.
            case "PAYLOAD_BAD":
                var left = refusals.GetValueOrDefault(push.Device.Name);
                refusals[push.Device.Name] = left - 1;
                return left > 0;
            case "RETRY_LATER" or "THROTTLED":
                return letter.At - push.At >= Old;
            default:
                return false;
        }
    }

    private static string Tell(int count, Letter letter, SealedPush push) => string.Create(
        CultureInfo.InvariantCulture,
        $"{count} pushes were given up as {letter.Outcome} for no reason, such as one for {push.Device} after {letter.Attempts} attempts, {(letter.At - push.At).TotalSeconds:0} s after it was sealed.");
}
