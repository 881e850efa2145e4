using Phone = Sotto.FakePhone.FakePhone;

namespace Sotto.Bench.Seeding;

/// <summary>The phones of a bench: phone 7 of one run is phone 7 of every other, so that none need be kept.</summary>
internal static class SeedPhone
{
    /// <summary>The namespace that all of them want to be woken for.</summary>
    public const short Namespace = 0;

    public const string Service = "apns";

    // Apart from the seeds that tests use.
    private const int SeedBase = 1_000_000_000;

    public static Phone Of(int index) => Phone.Create(SeedBase + index);
}
