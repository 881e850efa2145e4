using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Sotto.Session;
using SubscriptionApi.Providers;
using SubscriptionApi.Storage;

namespace Sotto.Cli.Import;

/// <summary>
/// Takes the existing server's subscriptions over, batch by batch in the order of their ids: checks each row, asks the sender about its token, seals, stores. A batch and
/// the mark up to where the import has come are committed together, so a stopped import goes on where it was, and one that is repeated adds nothing.
/// </summary>
internal sealed class SpnsImport(
    SpnsSource source, SenderInquiry senders, EnvelopeKeySeal seal, ImportStore store, OutboxRoom room, RefusedRows refused, IReadOnlySet<string> skipped, TimeProvider clock)
{
    /// <summary>Rows in one transaction.</summary>
    public const int BatchMax = 1_000;

    /// <summary>Most questions to senders at one time.</summary>
    public const int QuestionsMax = 128;

    /// <summary>Imports until there are no more rows. While one batch is stored, the next one is read and judged.</summary>
    /// <param name="run">Where to begin.</param>
    /// <param name="tell">Told after each batch.</param>
    /// <param name="cancellationToken">Ends it after the last whole batch.</param>
    public async Task<OperatorRun> RunAsync(OperatorRun run, Action<ImportCounts> tell, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var next = run.Finished ? null : JudgeNextAsync(PositionOf(run), ending.Token);
        try
        {
            while (next is not null)
            {
                var batch = await next;
                next = batch.IsLast ? null : JudgeNextAsync(batch.Rows[^1].Id, ending.Token);
                run = await StoreAsync(run, batch, cancellationToken);
                tell(ImportCounts.Of(run));
            }

            return run;
        }
        finally
        {
            await ending.CancelAsync();
            await (next ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<OperatorRun> StoreAsync(OperatorRun run, JudgedBatch batch, CancellationToken cancellationToken)
    {
        await room.WaitAsync(cancellationToken);
        // Told before it is marked as done: after a crash in between a row is told twice, and never not at all.
        await refused.AddAsync(batch.Refused, cancellationToken);
        return await store.StoreAsync(batch.Taken, run, (before, stored) => Advance(before, batch, stored), clock.GetUtcNow(), cancellationToken);
    }

    private static long PositionOf(OperatorRun run) => run.Position.Length == 0 ? long.MinValue : long.Parse(run.Position, CultureInfo.InvariantCulture);

    private static OperatorRun Advance(OperatorRun before, JudgedBatch batch, StoredBatch stored)
    {
        var counts = ImportCounts.Of(before);
        var (rows, taken, turnedDown) = (batch.Rows, batch.Taken.Count, batch.Refused.Count);
        return before with
        {
            Position = rows.Count > 0 ? rows[^1].Id.ToString(CultureInfo.InvariantCulture) : before.Position,
            Counts = new ImportCounts(
                counts.Read + rows.Count,
                counts.Added + stored.Added,
                counts.Renewed + stored.Renewed,
                counts.Unchanged + taken - stored.Added - stored.Renewed - stored.Ended,
                counts.Refused + turnedDown,
                counts.Ended + stored.Ended).ToArray(),
            Finished = batch.IsLast,
        };
    }

    private async Task<JudgedBatch> JudgeNextAsync(long afterId, CancellationToken cancellationToken)
    {
        var rows = await source.ReadAsync(afterId, BatchMax, cancellationToken);
        var nowSeconds = clock.GetUtcNow().ToUnixTimeSeconds();
        var (taken, turnedDown) = (new ConcurrentBag<(long Id, ImportedSubscription Row)>(), new ConcurrentBag<(long Id, string Reason)>());
        var options = new ParallelOptions { MaxDegreeOfParallelism = QuestionsMax, CancellationToken = cancellationToken };
        // A device with many accounts is asked about once.
        await Parallel.ForEachAsync(rows.GroupBy(row => (row.Service, row.ServiceId)), options, async (device, ending) =>
        {
            var valid = new List<SpnsRow>();
            foreach (var row in device)
            {
                if ((skipped.Contains(row.Service) ? "its service was left out" : SpnsRowCheck.Refuse(row, nowSeconds)) is { } reason)
                    turnedDown.Add((row.Id, reason));
                else
                    valid.Add(row);
            }

            if (valid.Count == 0)
                return;
            var answer = await senders.AskAsync(device.Key.Service, device.Key.ServiceId, ending);
            foreach (var row in valid)
            {
                if (answer.Refusal is { } refusal)
                    turnedDown.Add((row.Id, $"the sender refuses the token: {Sentence(refusal.Json)}"));
                else
                    taken.Add((row.Id, Seal(row, answer)));
            }
        });
        // One statement cannot store the same device of an account twice; the newest signature counts.
        var unique = taken.GroupBy(item => (item.Row.Account, item.Row.Provider, Convert.ToHexString(item.Row.DeviceId))).ToList();
        foreach (var (id, _) in unique.SelectMany(group => group.OrderByDescending(item => item.Row.SignedAtSeconds).Skip(1)))
            turnedDown.Add((id, "another row is for the same device and account"));
        return new JudgedBatch(rows, [.. unique.Select(group => group.MaxBy(item => item.Row.SignedAtSeconds).Row)], [.. turnedDown.OrderBy(row => row.Id)]);
    }

    private ImportedSubscription Seal(SpnsRow row, DeviceAnswer device)
    {
        var account = AccountId.Create(row.Account);
        return new ImportedSubscription
        {
            Account = account,
            SessionEd25519 = SpnsRowCheck.SessionKeyOf(row, account),
            SubaccountToken = row.SubaccountToken,
            SubaccountSignature = row.SubaccountSignature,
            Signature = row.Signature,
            SignedAtSeconds = row.SignedAtSeconds,
            WantsData = row.WantsData,
            Namespaces = row.Namespaces,
            Provider = row.Service,
            DeviceId = device.DeviceId,
            SealedDeviceToken = device.SealedDeviceToken,
            SealedEnvelopeKey = seal.Seal(row.EnvelopeKey),
            // All but the envelope key is signed.
            ImportedAs = SHA256.HashData([.. row.Signature, .. row.SubaccountSignature ?? [], .. row.EnvelopeKey]),
        };
    }

    private static string Sentence(ReadOnlyMemory<byte> answer)
    {
        using var json = JsonDocument.Parse(answer);
        return json.RootElement.TryGetProperty("message", out var message) ? message.GetString() ?? "" : "";
    }
}

/// <summary>Rows, and what is to become of each.</summary>
internal sealed record JudgedBatch(IReadOnlyList<SpnsRow> Rows, IReadOnlyList<ImportedSubscription> Taken, IReadOnlyList<(long Id, string Reason)> Refused)
{
    public bool IsLast => Rows.Count < SpnsImport.BatchMax;
}

/// <summary>What became of the rows that were read.</summary>
/// <param name="Read">All of them.</param>
/// <param name="Added">New here.</param>
/// <param name="Renewed">Here already, with an older signature, or as an earlier import found it and otherwise than it is there now.</param>
/// <param name="Unchanged">Here already, as new or newer.</param>
/// <param name="Refused">Not taken, each for a reason that is reported.</param>
/// <param name="Ended">Not taken: ended here after they were signed.</param>
internal sealed record ImportCounts(long Read, long Added, long Renewed, long Unchanged, long Refused, long Ended)
{
    // A run that was stopped in an earlier version has not counted what ended.
    public static ImportCounts Of(OperatorRun run) =>
        new(run.Counts[0], run.Counts[1], run.Counts[2], run.Counts[3], run.Counts[4], run.Counts.Length > 5 ? run.Counts[5] : 0);

    public long[] ToArray() => [Read, Added, Renewed, Unchanged, Refused, Ended];

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Read:N0} rows read: {Added:N0} added, {Renewed:N0} renewed, {Unchanged:N0} unchanged, {Refused:N0} refused, {Ended:N0} ended here");
}
