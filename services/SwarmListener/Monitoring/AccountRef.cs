namespace SwarmListener.Monitoring;

/// <summary>
/// An account by its place: bucket (8 bits) and row (24 bits). May outlive the account; whoever follows it looks whether the row is still what it
/// wants.
/// </summary>
internal readonly record struct AccountRef(int Packed)
{
    private const int RowBits = 24;

    public AccountRef(byte bucket, int row)
        : this((bucket << RowBits) | row)
    {
    }

    public byte Bucket => (byte)(Packed >>> RowBits);

    public int Row => Packed & (AccountTable.RowsMax - 1);
}
