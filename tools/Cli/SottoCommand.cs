using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Sotto.Cli.Access;
using Sotto.Cli.Checks;
using Sotto.Cli.DeadLetters;
using Sotto.Cli.Import;
using Sotto.Cli.Keys;
using Sotto.Cli.Load;
using Sotto.Cli.Stats;
using Sotto.Cli.Subscriptions;

namespace Sotto.Cli;

/// <summary><c>sotto</c>: what an operator can do, one folder for each group of commands.</summary>
internal static class SottoCommand
{
    /// <summary>Runs what was typed. What cannot be understood is said in a line or two on standard error, not in a page of help.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> typed, InvocationConfiguration configuration, CancellationToken cancellationToken)
    {
        var parsed = Create().Parse(typed);
        if (parsed.Action is not ParseErrorAction)
            return await parsed.InvokeAsync(configuration, cancellationToken);
        foreach (var sentence in parsed.Errors.Select(Sentence).Distinct(StringComparer.Ordinal))
            configuration.Error.WriteLine(sentence);
        configuration.Error.WriteLine($"{PathOf(parsed.CommandResult)} --help says what it takes.");
        return Output.WrongSettings;
    }

    // The library's own words name types of this program, and lists of words fill a page.
    private static string Sentence(ParseError error)
    {
        var type = error.Message.IndexOf(" as expected type", StringComparison.Ordinal);
        return type < 0 ? string.Join(' ', error.Message.Split((char[])['\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries)) : $"{error.Message[..type]}.";
    }

    private static string PathOf(CommandResult command) => command.Parent is CommandResult parent ? $"{PathOf(parent)} {command.Command.Name}" : "sotto";

    internal static RootCommand Create()
    {
        var root = new RootCommand("The operator's hand: keys, subscriptions, statistics and what needs a person. Every command has --help and --json.")
        {
            KeysCommand.Create(),
            AccessCommand.Create(),
            SubscriptionsCommand.Create(),
            ImportCommand.Create(),
            StatsCommand.Create(),
            DeadLettersCommand.Create(),
            TokensCommand.Create(),
            ConfigCommand.Create(),
            SendTestCommand.Create(),
            LoadCommand.Create(),
        };
        root.Options.Add(Output.Json);
        foreach (var option in Servers.Options)
            root.Options.Add(option);
        return root;
    }
}
