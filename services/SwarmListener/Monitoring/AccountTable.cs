using System.Runtime.CompilerServices;
using Sotto.Session;

namespace SwarmListener.Monitoring;

/// <summary>The accounts of one bucket, and what to ask of the storage servers for each. Arrays of structures, no object for an account.</summary>
/// <remarks>
/// Not thread-safe: whoever reads or changes a table that others know holds its <see cref="Gate"/>, for no longer than one look through it.
/// A row keeps its number while its account is here; the number may pass to another account afterwards.
/// </remarks>
internal sealed class AccountTable
{
    /// <summary>Most rows in one bucket: 24 bits of an <see cref="AccountRef"/>.</summary>
    public const int RowsMax = 1 << 24;

    /// <summary>
    /// Most kinds of upstream subscription of one account. Each member of a group signs with a subaccount of its own, and groups have about a hundred
    /// members; beyond ten times that somebody is playing.
    /// </summary>
    public const int UpstreamsMax = 1_000;

    private const int None = UpstreamSlab.None;
    private const uint Vacant = uint.MaxValue;
    private const int SlotsMin = 16;

    private readonly UpstreamSlab _upstreams = new();
    private Row[] _rows = [];
    private int _freeRow = None;

    // Open addressing: row number + 1, or 0. Length is a power of two, at most two thirds are taken.
    private int[] _slots = new int[SlotsMin];

    /// <summary>Guards the table.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Accounts in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Rows to look through; some may be vacant.</summary>
    public int RowCount { get; private set; }

    /// <summary>Bytes held, for measuring.</summary>
    public long Bytes => ((long)_rows.Length * Unsafe.SizeOf<Row>()) + ((long)_slots.Length * sizeof(int)) + _upstreams.Bytes;

    /// <summary>False for a vacant row, and for a number beyond the rows.</summary>
    public bool IsTaken(int row) => row < RowCount && _rows[row].Due != Vacant;

    /// <summary>The account of a taken row.</summary>
    public ref readonly AccountId Account(int row) => ref _rows[row].Account;

    /// <summary>When a taken row is to be announced again, unix seconds; 0 for at once.</summary>
    public uint Due(int row) => _rows[row].Due;

    /// <summary>Sets <see cref="Due"/>.</summary>
    public void SetDue(int row, uint due) => _rows[row].Due = due;

    /// <summary>The account's row, or -1.</summary>
    public int Find(in AccountId account) => _slots[Slot(account)] - 1;

    /// <summary>
    /// Adds what is asked for an account to what is there; of the same kind the later signature stays. False when the account has too many kinds.
    /// </summary>
    public bool Put(in AccountId account, Upstream upstream, ReadOnlySpan<byte> text)
    {
        var slot = Slot(account);
        if (_slots[slot] == 0)
        {
            AddRow(slot, account, _upstreams.Add(upstream, text, None));
            return true;
        }

        ref var row = ref _rows[_slots[slot] - 1];
        var kinds = 0;
        for (var entry = row.First; entry != None; entry = _upstreams.Next(entry), kinds++)
        {
            if (_upstreams[entry].Kind != upstream.Kind)
                continue;
            if (_upstreams[entry].SignedAt < upstream.SignedAt)
                _upstreams.Replace(entry, upstream, text);
            return true;
        }

        if (kinds >= UpstreamsMax)
            return false;
        row.First = _upstreams.Add(upstream, text, row.First);
        return true;
    }

    /// <summary>
    /// Makes an account ask exactly what <paramref name="source"/> says of it. True when it asks a kind that it did not ask before: servers must hear
    /// of it now.
    /// </summary>
    public bool Adopt(AccountTable source, int sourceRow)
    {
        ref readonly var account = ref source.Account(sourceRow);
        var row = Find(account);
        var first = source._rows[sourceRow].First;
        if (row == None)
        {
            row = AddRow(Slot(account), account, None);
            CopyChain(row, source, first);
            return true;
        }

        var (asksMore, isSame) = Compare(source, first, row);
        if (!isSame)
        {
            for (var entry = _rows[row].First; entry != None;)
                entry = _upstreams.Remove(entry);
            _rows[row].First = None;
            CopyChain(row, source, first);
        }

        return asksMore;
    }

    /// <summary>Forgets an account; harmless when it is not here.</summary>
    public void Remove(in AccountId account)
    {
        var slot = Slot(account);
        if (_slots[slot] == 0)
            return;
        ref var row = ref _rows[_slots[slot] - 1];
        for (var entry = row.First; entry != None;)
            entry = _upstreams.Remove(entry);
        row = new Row { First = _freeRow, Due = Vacant };
        _freeRow = _slots[slot] - 1;
        Count--;
        ClearSlot(slot);
    }

    /// <summary>
    /// Forgets what has expired by <paramref name="now"/>, and accounts for which nothing is left. Returns how many accounts that were.
    /// </summary>
    public int RemoveExpired(uint now)
    {
        var removed = 0;
        for (var row = 0; row < RowCount; row++)
        {
            if (!IsTaken(row))
                continue;
            RemoveExpired(ref _rows[row], now);
            if (_rows[row].First != None)
                continue;
            var account = _rows[row].Account;
            Remove(account);
            removed++;
        }

        return removed;
    }

    /// <summary>Hands out the request text of all that is asked for the account of this row and has not expired.</summary>
    public void ForEachRequest(int row, uint now, Action<ReadOnlySpan<byte>> act)
    {
        for (var entry = _rows[row].First; entry != None; entry = _upstreams.Next(entry))
        {
            if (_upstreams[entry].ExpiresAt > now)
                act(_upstreams.Text(entry));
        }
    }

    /// <summary>Gives back memory held for growth, after a load.</summary>
    public void Trim()
    {
        Array.Resize(ref _rows, RowCount);
        _upstreams.Trim();
    }

    private (bool AsksMore, bool IsSame) Compare(AccountTable source, int first, int row)
    {
        var (asksMore, isSame, count) = (false, true, 0);
        for (var entry = first; entry != None; entry = source._upstreams.Next(entry), count++)
        {
            var wanted = source._upstreams[entry];
            var known = FindKind(row, wanted.Kind);
            asksMore |= known == None;
            isSame &= known != None && _upstreams[known] == wanted && _upstreams.Text(known).SequenceEqual(source._upstreams.Text(entry));
        }

        for (var entry = _rows[row].First; entry != None; entry = _upstreams.Next(entry))
            count--;
        return (asksMore, isSame && count == 0);
    }

    private int FindKind(int row, long kind)
    {
        var entry = _rows[row].First;
        while (entry != None && _upstreams[entry].Kind != kind)
            entry = _upstreams.Next(entry);
        return entry;
    }

    private void CopyChain(int row, AccountTable source, int first)
    {
        for (var entry = first; entry != None; entry = source._upstreams.Next(entry))
            _rows[row].First = _upstreams.Add(source._upstreams[entry], source._upstreams.Text(entry), _rows[row].First);
    }

    private void RemoveExpired(ref Row row, uint now)
    {
        var before = None;
        for (var entry = row.First; entry != None;)
        {
            if (_upstreams[entry].ExpiresAt > now)
            {
                (before, entry) = (entry, _upstreams.Next(entry));
                continue;
            }

            entry = _upstreams.Remove(entry);
            if (before == None)
                row.First = entry;
            else
                _upstreams.Link(before, entry);
        }
    }

    private int AddRow(int slot, in AccountId account, int first)
    {
        var row = _freeRow;
        if (row != None)
        {
            _freeRow = _rows[row].First;
        }
        else
        {
            if (RowCount == RowsMax)
                throw new InvalidOperationException($"A bucket holds at most {RowsMax} accounts.");
            Capacity.Ensure(ref _rows, row = RowCount++);
        }

        _rows[row] = new Row { Account = account, First = first };
        _slots[slot] = row + 1;
        if (++Count * 3 > _slots.Length * 2)
            GrowSlots();
        return row;
    }

    // The slot that holds the account, or the vacant one where it belongs.
    private int Slot(in AccountId account)
    {
        var mask = _slots.Length - 1;
        var slot = account.GetHashCode() & mask;
        while (_slots[slot] != 0 && _rows[_slots[slot] - 1].Account != account)
            slot = (slot + 1) & mask;
        return slot;
    }

    private void GrowSlots()
    {
        _slots = new int[_slots.Length * 2];
        for (var row = 0; row < RowCount; row++)
        {
            if (IsTaken(row))
                _slots[Slot(_rows[row].Account)] = row + 1;
        }
    }

    // Entries behind the hole move up, so that none is cut off from the place its search begins.
    private void ClearSlot(int hole)
    {
        var mask = _slots.Length - 1;
        for (var slot = (hole + 1) & mask; _slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var home = _rows[_slots[slot] - 1].Account.GetHashCode() & mask;
            if (((slot - home) & mask) < ((slot - hole) & mask))
                continue;
            (_slots[hole], hole) = (_slots[slot], slot);
        }

        _slots[hole] = 0;
    }

    private struct Row
    {
        public AccountId Account;
        public int First;
        public uint Due;
    }
}
