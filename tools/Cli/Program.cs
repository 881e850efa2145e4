using System.CommandLine;
using Sotto.Cli;
using Sotto.Cli.Keys;

var root = new RootCommand("The operator's hand: keys, subscriptions, statistics and what needs a person. Every command has --help and --json.");
root.Options.Add(Output.Json);
root.Subcommands.Add(KeysCommand.Create());
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
