using System.CommandLine;
using Sotto.Cli;

return await SottoCommand.Create().Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
