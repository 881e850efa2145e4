using System.Runtime.CompilerServices;

namespace Sotto.Sodium;

/// <summary>Native code trusts the sizes of what it is given; this is where they are made sure of.</summary>
internal static class ByteSize
{
    internal static void Require(int size, int expected, [CallerArgumentExpression(nameof(size))] string what = "")
    {
        if (size != expected)
            throw new ArgumentException($"{what} is {size} bytes, must be {expected}.", what);
    }
}
