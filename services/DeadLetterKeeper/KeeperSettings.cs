using System.ComponentModel.DataAnnotations;

namespace DeadLetterKeeper;

/// <summary>How long dead letters are kept; section <c>Keeper</c>.</summary>
internal sealed class KeeperSettings
{
    /// <summary>After so many days a letter is deleted, whatever became of it. No push is worth anything for longer than the 14 days of a message in the network.</summary>
    [Range(1, 3650)]
    public int DaysMax { get; set; } = 30;
}
