using System.CommandLine;
using System.Text.Json;
using Sotto.Hosting.Settings;
using Sotto.Sodium;

namespace Sotto.Cli;

/// <summary>How every command speaks: lines for a person or one JSON document for a program, and an exit code.</summary>
internal static class Output
{
    /// <summary>The command did what it says.</summary>
    public const int Done = 0;

    /// <summary>It could not; the reason went to standard error.</summary>
    public const int Failed = 1;

    /// <summary>Settings or arguments are wrong (<c>EX_CONFIG</c> of sysexits.h).</summary>
    public const int WrongSettings = 78;

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document instead of lines.", Recursive = true };

    /// <summary>Prints <paramref name="document"/> as JSON, or else <paramref name="lines"/>.</summary>
    public static void Print(ParseResult arguments, object document, params IEnumerable<string> lines)
    {
        if (arguments.GetValue(Json))
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(document, Form));
            return;
        }

        foreach (var line in lines)
            Console.Out.WriteLine(line);
    }

    /// <summary>Makes <paramref name="work"/> the command's action; expected failures become a sentence and an exit code, not a stack trace.</summary>
    public static void Runs(this Command command, Func<ParseResult, CancellationToken, Task<int>> work) =>
        command.SetAction(async (arguments, cancellationToken) =>
        {
            try
            {
                return await work(arguments, cancellationToken);
            }
            catch (SettingsException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return WrongSettings;
            }
            catch (Exception e) when (e is KeyFileException or IOException or UnauthorizedAccessException or Npgsql.NpgsqlException)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return Failed;
            }
        });
}
