using System.CommandLine;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev fuzz</c>: hands over to <c>tests/Fuzz</c>, which knows its own options.</summary>
internal static class FuzzCommand
{
    public static Command Create() => SimCommand.HandOver("fuzz", "Feed every parser that meets the outside with damaged inputs: MINUTES, --target NAME, --seed S.", "Fuzz");
}
