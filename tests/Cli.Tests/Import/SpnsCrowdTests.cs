using System.Globalization;
using System.Text.Json;
using Cli.Tests.Support;
using SubscriptionApi.Tests.Support;

namespace Cli.Tests.Import;

/// <summary>
/// <c>sotto import spns</c> with many rows, as a process that is killed in the middle. <c>SOTTO_IMPORT_ROWS</c> says how many: a million takes a quarter of an
/// hour or more and is for a person who asks, by <c>./dev test Cli --filter FullyQualifiedName~SpnsCrowd --patience 90</c>.
/// </summary>
public sealed class SpnsCrowdTests
{
    private const int RowsDefault = 20_000;

    private static readonly TimeSpan Patience = TimeSpan.FromHours(2);

    private static int Rows { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("SOTTO_IMPORT_ROWS"), NumberStyles.None, CultureInfo.InvariantCulture, out var rows) ? rows : RowsDefault;

    [Test]
    public async Task An_import_that_is_killed_in_the_middle_and_started_again_takes_over_each_row_once_and_names_each_that_it_refuses()
    {
        await using var api = await ApiUnderTest.StartedAsync();
        await using var spns = await SpnsServer.CreateAsync();
        await SpnsCrowd.FillAsync(spns, Rows);
        var report = Path.Combine(Directory.CreateTempSubdirectory("sotto-import-").FullName, "refused.jsonl");
        string[] import =
        [
            "import", "spns", "--from", spns.Database, "--folder", api.Keys, "--report", report, "--json", "--rabbitmq", api.Broker.Amqp.ToString(), "--postgres", api.Database,
        ];

        using (var first = SottoProcess.Start(import))
        {
            await Eventually.BecomesTrueAsync(async () => first.HasEnded || await ReadSoFarAsync(api) >= Rows / 4, Patience, "a quarter was imported");
            Assert.That(first.HasEnded, Is.False);
            await first.KillAsync();
        }

        var before = await ReadSoFarAsync(api);
        Assert.That(before, Is.LessThan(Rows));
        var begun = TimeProvider.System.GetTimestamp();
        using var second = SottoProcess.Start(import);
        var (exitCode, output, cpu) = await second.EndAsync(new CancellationTokenSource(Patience).Token);
        var elapsed = TimeProvider.System.GetElapsedTime(begun);
        TestContext.Progress.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Rows - before:N0} rows in {elapsed.TotalSeconds:0.0} s: {(Rows - before) / elapsed.TotalSeconds:N0}/s, {cpu.TotalMicroseconds / (Rows - before):0} us of processor time for each in sotto"));

        Assert.That(exitCode, Is.Zero);
        using var result = JsonDocument.Parse(output);
        var good = Rows - SpnsCrowd.ForgedOf(Rows);
        Assert.That(result.RootElement.GetProperty("read").GetInt64(), Is.EqualTo(Rows));
        Assert.That(result.RootElement.GetProperty("added").GetInt64(), Is.EqualTo(good));
        Assert.That(await api.QueryAsync<long>("SELECT count(*) FROM subscriptions"), Is.EqualTo(good));
        var named = File.ReadLines(report).Select(line => JsonSerializer.Deserialize<JsonElement>(line).GetProperty("id").GetInt64()).ToHashSet();
        Assert.That(named, Is.EquivalentTo(Enumerable.Range(0, SpnsCrowd.ForgedOf(Rows)).Select(i => (i * (long)SpnsCrowd.ForgedOneIn) + 1)));

        if (Rows == RowsDefault)
            await AddsNothingAsync(import, good);
    }

    private static async Task AddsNothingAsync(string[] import, int good)
    {
        var again = (await Operator.TypesAsync(import)).Json;
        Assert.That((again.GetProperty("added").GetInt64(), again.GetProperty("unchanged").GetInt64()), Is.EqualTo((0L, (long)good)));
    }

    private static async Task<long> ReadSoFarAsync(ApiUnderTest api)
    {
        await using var command = api.Data.CreateCommand("SELECT counts[1] FROM operator_runs");
        return await command.ExecuteScalarAsync() as long? ?? 0;
    }
}
