using System.Globalization;
using Npgsql;

namespace Sotto.Dev.Chaos;

/// <summary>What one instance has for itself: a wire to the broker, one to the database, and a clock.</summary>
internal sealed class ServiceWires : IAsyncDisposable
{
    private const string ClockVariable = "SOTTO_CLOCK_OFFSET_FILE";

    private readonly string _clock;

    public ServiceWires(int brokerPort, int databasePort, string clockFile)
    {
        (Broker, Database, _clock) = (new Wire(brokerPort), new Wire(databasePort), clockFile);
        StepClock(TimeSpan.Zero);
    }

    public Wire Broker { get; }

    public Wire Database { get; }

    public IEnumerable<KeyValuePair<string, string>> Environment => [KeyValuePair.Create(ClockVariable, _clock)];

    public IEnumerable<KeyValuePair<string, string>> Settings(Uri amqp, string postgres, bool hasDatabase)
    {
        yield return KeyValuePair.Create("ConnectionStrings:RabbitMq", new UriBuilder(amqp) { Port = Broker.Port }.Uri.OriginalString);
        if (hasDatabase)
            yield return KeyValuePair.Create("ConnectionStrings:Postgres", new NpgsqlConnectionStringBuilder(postgres) { Port = Database.Port }.ConnectionString);
    }

    /// <summary>Sets the instance's clock so far ahead of the right time.</summary>
    public void StepClock(TimeSpan offset)
    {
        // The service has the file mapped: it must stay the same file, and change all at once.
        using var file = new FileStream(_clock, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        file.Write(BitConverter.GetBytes((long)offset.TotalMilliseconds));
    }

    public void Mend()
    {
        Broker.Mend();
        Database.Mend();
        StepClock(TimeSpan.Zero);
    }

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        await Database.DisposeAsync();
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"wires at {Broker.Port} and {Database.Port}");
}
