using System.CommandLine;
using Cli.Tests.Support;
using Sotto.Cli;

namespace Cli.Tests.Typing;

/// <summary>Somebody who has never seen the command: asks it what it does, and types the wrong thing.</summary>
public sealed class TypingTests
{
    private static IEnumerable<string> Commands => PathsOf(SottoCommand.Create(), "");

    [TestCaseSource(nameof(Commands))]
    public async Task Every_command_says_what_it_does_and_what_it_takes(string path)
    {
        var help = await Operator.TypesAsync([.. Words(path), "--help"]);

        Assert.That(help.ExitCode, Is.Zero);
        Assert.That(help.Output, Does.Contain("Description:").And.Contain("Usage:").And.Contain("--json"));
        Assert.That(help.Output.Split('\n').Where(line => line.TrimStart().StartsWith("--", StringComparison.Ordinal)), Has.All.Matches<string>(HasWords), "each option has a description");
    }

    [TestCase("")]
    [TestCase("nonsense")]
    [TestCase("subscriptions")]
    [TestCase("subscriptions shwo")]
    [TestCase("subscriptions show")]
    [TestCase("subscriptions show 17")]
    [TestCase("subscriptions list --limit 0")]
    [TestCase("subscriptions list --limit many")]
    [TestCase("subscriptions list --renewed-before yesterday")]
    [TestCase("keys import")]
    [TestCase("keys import file --as nobody")]
    [TestCase("send-test 17")]
    [TestCase("dead-letters list --limit 0")]
    [TestCase("dead-letters list --older-than long")]
    [TestCase("send-test 5f0c1e8a-7b7e-4c55-9d0e-2f3f0a6c9b11 --seconds 0")]
    [TestCase("config check --service Nobody")]
    [TestCase("import spns --no-such-option")]
    public async Task What_cannot_be_understood_is_said_in_a_line_or_two_and_names_the_help(string typed)
    {
        var result = await Operator.TypesAsync(Words(typed));

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((78, "")), result.Error);
        var lines = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.InRange(2, 4), result.Error);
        Assert.That(result.Error, Does.Not.Contain("System."));
        Assert.That(lines[^1], Does.StartWith("sotto").And.Contain("--help"));
    }

    [TestCase("subscriptions count")]
    [TestCase("stats")]
    [TestCase("dead-letters list")]
    [TestCase("send-test 5f0c1e8a-7b7e-4c55-9d0e-2f3f0a6c9b11")]
    public async Task A_database_that_cannot_be_reached_is_said_in_a_sentence(string typed)
    {
        var result = await Operator.TypesAsync([.. Words(typed), "--json", "--postgres", "Host=127.0.0.1;Port=1;Username=x;Database=x", "--rabbitmq", "amqp://127.0.0.1:1"]);

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((1, "")), result.Error);
        Assert.That(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(1), result.Error);
        Assert.That(result.Error, Does.Not.Contain("   at "));
    }

    [Test]
    public async Task Neither_a_broker_nor_a_database_is_said_to_be_missing()
    {
        var result = await Operator.TypesAsync("subscriptions", "count", "--rabbitmq", "amqp://127.0.0.1");

        Assert.That(result.ExitCode, Is.EqualTo(78));
        Assert.That(result.Error, Does.Contain("ConnectionStrings:Postgres"));
    }

    private static IEnumerable<string> PathsOf(Command command, string path)
    {
        yield return path;
        foreach (var child in command.Subcommands)
        {
            foreach (var below in PathsOf(child, $"{path} {child.Name}".Trim()))
                yield return below;
        }
    }

    private static bool HasWords(string line) => line.Trim().Split("  ", StringSplitOptions.RemoveEmptyEntries) is [_, { Length: > 5 }, ..] || line.Trim().Contains("--version", StringComparison.Ordinal);

    private static string[] Words(string typed) => typed.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
