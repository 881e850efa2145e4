using System.CommandLine;
using Sotto.Cli;

// After Ctrl-C a command ends by itself, some only when they have taken away what they made.
var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromHours(1) };
return await SottoCommand.RunAsync(args, configuration, CancellationToken.None);
