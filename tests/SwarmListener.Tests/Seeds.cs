namespace SwarmListener.Tests;

/// <summary>Seeds of long random histories; a failing one is named by the property and can be tried alone.</summary>
internal static class Seeds
{
    public static Arbitrary<int> Any => Gen.Choose(0, int.MaxValue).ToArbitrary();
}
