using System.CommandLine;
using System.Text.Json;
using Sotto.Cli;
using SubscriptionApi.Tests.Support;

namespace Cli.Tests.Support;

/// <summary>Somebody at a terminal.</summary>
internal static class Operator
{
    /// <summary>Runs the command as typed.</summary>
    public static async Task<CommandResult> TypesAsync(params IEnumerable<string> arguments)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var configuration = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false };
        var exitCode = await SottoCommand.RunAsync([.. arguments], configuration, new CancellationTokenSource(TimeSpan.FromMinutes(3)).Token);
        return new CommandResult(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs the command on a system's own servers.</summary>
    public static Task<CommandResult> TypesAsync(ApiUnderTest api, params IEnumerable<string> arguments) =>
        TypesAsync([.. arguments, "--rabbitmq", api.Broker.Amqp.ToString(), "--postgres", api.Database]);
}

/// <summary>What the terminal showed.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>The result of a command that was given <c>--json</c> and succeeded.</summary>
    public JsonElement Json
    {
        get
        {
            Assert.That(ExitCode, Is.Zero, Error);
            using var document = JsonDocument.Parse(Output);
            return document.RootElement.Clone();
        }
    }
}
