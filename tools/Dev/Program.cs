using System.CommandLine;
using Npgsql;
using Sotto.Dev;
using Sotto.Dev.Commands;
using Sotto.LocalServers;

var root = new RootCommand("Sotto's one door; started by ./dev at the top of the repository.")
{
    DemoCommand.Create(), UpCommand.Create(), DownCommand.Create(), StatusCommand.Create(), LogsCommand.Create(), TestCommand.Create(), DoctorCommand.Create(), ChaosCommand.Create(),
    ProviderCommand.Create(), SimCommand.Create(), FuzzCommand.Create(), MutantsCommand.Create(),
};

try
{
    // Stopping in good order takes longer than the two seconds that are usual; the broker alone drains for six.
    var invocation = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60), EnableDefaultExceptionHandler = false };
    return await root.Parse(args).InvokeAsync(invocation);
}
catch (Exception e) when (e is LocalServerException or DevException or NpgsqlException or IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"dev: {e.Message}");
    return 1;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("dev: interrupted; what was started has been stopped.");
    return 130;
}
