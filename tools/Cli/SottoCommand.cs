using System.CommandLine;
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
    public static RootCommand Create()
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
