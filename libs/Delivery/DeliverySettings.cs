using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Sotto.Delivery;

/// <summary>How a sender treats its queue; section <c>Delivery</c>. The defaults suit every provider.</summary>
public sealed class DeliverySettings : IValidatableObject
{
    /// <summary>How long pushes are parked between two attempts, in whole seconds, separated by commas; each becomes a queue. 1 to 3600, at most 16 of them.</summary>
    [Required]
    public string ParkingSeconds { get; set; } = "1,5,15,60,300,900,1800,3600";

    /// <summary>After so many minutes of failed attempts a push is dead-lettered, unless it expires before. Google: what still fails after an hour is wrongly taken for an outage.</summary>
    [Range(1, 60 * 24)]
    public int RetryMinutesMax { get; set; } = 60;

    /// <summary>Frames of up to 64 pushes that one sender holds at a time. A slow answer keeps its whole frame, so there are more of them than streams need.</summary>
    [Range(1, 1024)]
    public int PrefetchFrames { get; set; } = 64;

    /// <summary>Attempts in a row without any answer, or with the provider's own failure, after which its queue is paused.</summary>
    [Range(1, 10_000)]
    public int OutageAttempts { get; set; } = 20;

    /// <summary>After a pause the number of attempts at one time grows to its full height within so many seconds.</summary>
    [Range(1, 3600)]
    public int RampUpSeconds { get; set; } = 60;

    /// <summary>First pause of a queue whose credentials are refused, in seconds; each further one is twice as long, up to ten times this.</summary>
    [Range(1, 3600)]
    public int CredentialPauseSeconds { get; set; } = 30;

    /// <summary>Through a pause of up to so many seconds pushes wait in hand; for a longer one they go back to the broker, and no more are taken from it.</summary>
    [Range(0, 600)]
    public int HoldSeconds { get; set; } = 10;

    /// <summary>
    /// A device that is called dead in a way that a wrong setting of ours would look like as well is asked once more after so many seconds, before that is believed; 0 believes at once.
    /// </summary>
    [Range(0, 3600)]
    public int SuspectSeconds { get; set; } = 60;

    /// <summary>How often the files of credentials are looked at, in seconds. New content is used once it has been the same for two looks.</summary>
    [Range(1, 3600)]
    public int CredentialLookSeconds { get; set; } = 10;

    /// <summary>Device tokens kept in memory, so that they need not be opened anew for each push; some 200 bytes each.</summary>
    [Range(0, 10_000_000)]
    public int TokenCacheMax { get; set; } = 50_000;

    /// <summary>The parking ladder.</summary>
    internal ParkingLadder Ladder => new(Rungs());

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        string? wrong = null;
        try
        {
            _ = Ladder;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            wrong = $"'{ParkingSeconds}' is not a list of 1 to {ParkingLadder.RungsMax} whole seconds from 1 to {ParkingLadder.RungMax.TotalSeconds}, separated by commas.";
        }

        if (wrong is not null)
            yield return new ValidationResult(wrong, [nameof(ParkingSeconds)]);
    }

    private IEnumerable<TimeSpan> Rungs() =>
        ParkingSeconds.Split(',', StringSplitOptions.TrimEntries).Select(text => TimeSpan.FromSeconds(int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)));
}
