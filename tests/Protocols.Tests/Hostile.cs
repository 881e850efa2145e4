namespace Protocols.Tests;

/// <summary>What strangers make of good bytes.</summary>
internal static class Hostile
{
    /// <summary>Every proper beginning of <paramref name="bytes"/>.</summary>
    internal static IEnumerable<byte[]> Truncations(byte[] bytes) => Enumerable.Range(0, bytes.Length).Select(length => bytes[..length]);

    /// <summary>A few bytes changed, inserted, removed or repeated, as the seed says.</summary>
    internal static byte[] Mutate(byte[] bytes, int seed)
    {
        // The seed comes from FsCheck, which prints it when a property fails.
#pragma warning disable CA5394 // Not for secrets.
        var random = new Random(seed);
        List<byte> mutated = [.. bytes];
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            var at = random.Next(mutated.Count + 1);
            var any = (byte)"0123456789:eildx-\0"[random.Next(18)];
            switch (random.Next(4))
            {
                case 0:
                    mutated.Insert(at, any);
                    break;
                case 1 when at < mutated.Count:
                    mutated.RemoveAt(at);
                    break;
                case 2 when at < mutated.Count:
                    mutated[at] = (byte)random.Next(256);
                    break;
                default:
                    mutated.InsertRange(at, mutated.Take(random.Next(8)).ToArray());
                    break;
            }
        }
#pragma warning restore CA5394

        return [.. mutated];
    }

    /// <summary>Runs a property many times; bounded in number, and each run is bounded by its input.</summary>
    internal static void Check(this Property property, int times = 300) => FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(times), property);
}
