using System.Globalization;

namespace SwarmListener.Storage;

/// <summary>A notice of changed subscriptions: for each two hex digits of its account's bucket and 32 of its id.</summary>
internal static class ChangedIds
{
    private const int BucketDigits = 2;
    private const int IdDigits = 32;

    /// <summary>Reads a notice. False when it is not one.</summary>
    public static bool TryParse(string payload, List<(byte Bucket, Guid Id)> changes)
    {
        if (payload.Length % (BucketDigits + IdDigits) != 0)
            return false;
        for (var rest = payload.AsSpan(); !rest.IsEmpty; rest = rest[(BucketDigits + IdDigits)..])
        {
            if (!byte.TryParse(rest[..BucketDigits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bucket)
                || !Guid.TryParseExact(rest.Slice(BucketDigits, IdDigits), "N", out var id))
            {
                return false;
            }

            changes.Add((bucket, id));
        }

        return true;
    }
}
