using System.CommandLine;
using System.Text.Json;
using Npgsql;
using RabbitMQ.Client.Exceptions;
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

    /// <summary>Stopped by the operator, as a shell says it of SIGINT; what was done by then stays done.</summary>
    public const int Stopped = 130;

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document instead of lines.", Recursive = true };

    /// <summary>Prints <paramref name="document"/> as JSON, or else <paramref name="lines"/>.</summary>
    public static void Print(ParseResult arguments, object document, params IEnumerable<string> lines)
    {
        var output = arguments.InvocationConfiguration.Output;
        if (arguments.GetValue(Json))
        {
            output.WriteLine(JsonSerializer.Serialize(document, Form));
            return;
        }

        foreach (var line in lines)
            output.WriteLine(line);
    }

    /// <summary>Says something beside the result, to standard error.</summary>
    public static void Remark(ParseResult arguments, string line) => arguments.InvocationConfiguration.Error.WriteLine(line);

    /// <summary>Makes <paramref name="work"/> the command's action; expected failures become a sentence and an exit code, not a stack trace.</summary>
    public static void Runs(this Command command, Func<ParseResult, CancellationToken, Task<int>> work) =>
        command.SetAction(async (arguments, cancellationToken) =>
        {
            try
            {
                return await work(arguments, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                Remark(arguments, "Stopped.");
                return Stopped;
            }
            catch (SettingsException e)
            {
                Remark(arguments, e.Message);
                return WrongSettings;
            }
            catch (Exception e) when (Sentence(e) is { } sentence)
            {
                Remark(arguments, sentence);
                return Failed;
            }
        });

    // Null for what nobody expected: that deserves its stack trace.
    private static string? Sentence(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedColumn } e =>
            $"The database has not the tables that this needs: start the service that owns them once, in this version. ({e.MessageText})",
        PostgresException e => $"The database refused: {e.MessageText} (SQL state {e.SqlState}).",
        NpgsqlException e => $"The database cannot be used: {e.Message}",
        OperationCanceledException or TimeoutException => "The broker or the database did not answer in time.",
        BrokerUnreachableException => "The broker cannot be reached, or refuses this user or password.",
        MassTransit.MassTransitException e => $"The broker cannot be used: {e.Message}",
        OperatorException or LocalServers.LocalServerException or KeyFileException or IOException or UnauthorizedAccessException => exception.Message,
        _ => null,
    };
}

/// <summary>A command cannot go on; the message is a sentence for the operator and holds no secret.</summary>
internal sealed class OperatorException(string message) : Exception(message);
