using System.CommandLine;
using System.Globalization;
using Npgsql;
using Sotto.Cli.Subscriptions;

namespace Sotto.Cli.Checks;

/// <summary><c>sotto send-test</c>: lets a message arrive for one subscription's account and tells how far it came, hop by hop.</summary>
internal static class SendTestCommand
{
    private const int SecondsMax = 600;

    private static readonly Argument<Guid> Id = Arguments.Id("The subscription's id, as sotto subscriptions list shows it.");
    private static readonly Option<int> Seconds = Arguments.Number("--seconds", "How long to wait for the provider's answer.", 30, 1, SecondsMax);

    public static Command Create()
    {
        var command = new Command("send-test", "Wake one device for real, and say where the notification stopped. Every device of the same account is woken, as by any message.") { Id, Seconds };
        command.Runs(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await using var database = Servers.Database(arguments, SubscriptionsCommand.Schema);
        var target = await FindAsync(database, arguments.GetValue(Id), cancellationToken);
        await using var trip = await TestTrip.BeginAsync(Servers.Broker(arguments), target, cancellationToken);
        var hops = await trip.RunAsync(TimeSpan.FromSeconds(arguments.GetValue(Seconds)), cancellationToken);
        var arrived = hops is [.., { Name: TestTrip.Accepted }];
        var verdict = arrived ? "The provider took it." : await trip.WhereItStoppedAsync(hops, cancellationToken);
        Output.Print(
            arguments,
            new { delivered = arrived, verdict, hops },
            [.. hops.Select(hop => string.Create(CultureInfo.InvariantCulture, $"{hop.Milliseconds,8:0} ms  {hop.Name}{(hop.Detail.Length == 0 ? "" : $": {hop.Detail}")}")), verdict]);
        return arrived ? Output.Done : Output.Failed;
    }

    private static async Task<TestTarget> FindAsync(NpgsqlDataSource database, Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT account, provider, device_id, namespaces[1] FROM subscriptions WHERE subscription_id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new TestTarget(row.GetFieldValue<byte[]>(0), row.GetString(1), row.GetFieldValue<byte[]>(2), row.GetInt16(3))
            : throw new OperatorException("There is no subscription of this id.");
    }
}

/// <summary>The device to be woken, and one of the namespaces that it wants to be woken for.</summary>
internal sealed record TestTarget(byte[] Account, string Provider, byte[] DeviceId, short Namespace)
{
    /// <summary>Never the account.</summary>
    public override string ToString() => $"{nameof(TestTarget)} {Provider}";
}

/// <summary>A place that the test came to, and when, counted from its start.</summary>
internal sealed record TestHop(string Name, double Milliseconds, string Detail);
