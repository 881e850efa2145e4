namespace Sotto.Bench.Measuring;

/// <summary>Exact quantiles of all samples; nothing is put into boxes.</summary>
internal sealed class Quantiles
{
    private readonly double[] _sorted;

    public Quantiles(IEnumerable<double> samples)
    {
        _sorted = [.. samples];
        Array.Sort(_sorted);
    }

    public int Count => _sorted.Length;

    /// <summary>The smallest sample that at least this share of all samples does not exceed; NaN without samples.</summary>
    /// <param name="share">Above 0, at most 1: 0.99 for p99.</param>
    public double At(double share) => _sorted.Length == 0 ? double.NaN : _sorted[Math.Clamp((int)Math.Ceiling(share * _sorted.Length) - 1, 0, _sorted.Length - 1)];
}
