using System.CommandLine;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev demo</c></summary>
internal static class DemoCommand
{
    public static Command Create() => new("demo", "x");
}
