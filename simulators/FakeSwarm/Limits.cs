namespace Sotto.FakeSwarm;

/// <summary>Turns a call that cannot be meant into a sentence.</summary>
internal static class Limits
{
    public const int AccountBytes = 33;

    public static void Require(bool holds, string sentence)
    {
        if (!holds)
            throw new InvalidDataException(sentence);
    }
}
