using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Simulation.Running;

/// <summary>What happened in a run, line by line. Two runs of one seed have the same.</summary>
internal sealed class Trace(bool keepsLines)
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<string> _lines = [];

    /// <summary>The lines, when they are kept.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>How many lines there were.</summary>
    public int Count { get; private set; }

    /// <summary>Writes a line.</summary>
    public void Add(TimeSpan at, FormattableString what)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{at.TotalSeconds,10:0.000} {FormattableString.Invariant(what)}\n");
        _hash.AppendData(Encoding.UTF8.GetBytes(line));
        Count++;
        if (keepsLines)
            _lines.Add(line.TrimEnd());
    }

    /// <summary>A fingerprint of all lines so far.</summary>
    public string Fingerprint() => Convert.ToHexStringLower(_hash.GetCurrentHash())[..16];
}
