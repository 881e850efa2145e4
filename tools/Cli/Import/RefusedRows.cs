using System.Text.Json;

namespace Sotto.Cli.Import;

/// <summary>The rows that were not taken over: the id and the reason of each, one JSON object a line in a file, and how many there were of each reason.</summary>
internal sealed class RefusedRows : IAsyncDisposable
{
    /// <summary>Most reasons that are counted apart.</summary>
    private const int ReasonsMax = 100;

    private readonly Dictionary<string, long> _reasons = new(StringComparer.Ordinal);
    private readonly StreamWriter? _file;

    /// <summary>Opens the file, if there is to be one; what it holds already stays.</summary>
    public RefusedRows(FileInfo? file) => _file = file is null ? null : new StreamWriter(file.FullName, append: true);

    /// <summary>How many, by reason, in this run.</summary>
    public IReadOnlyDictionary<string, long> Reasons => _reasons;

    public async Task AddAsync(IEnumerable<(long Id, string Reason)> rows, CancellationToken cancellationToken)
    {
        foreach (var (id, reason) in rows)
        {
            var name = _reasons.Count < ReasonsMax || _reasons.ContainsKey(reason) ? reason : "others";
            _reasons[name] = _reasons.GetValueOrDefault(name) + 1;
            if (_file is not null)
                await _file.WriteLineAsync(JsonSerializer.Serialize(new { id, reason }).AsMemory(), cancellationToken);
        }

        if (_file is not null)
            await _file.FlushAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_file is not null)
            await _file.DisposeAsync();
    }
}
