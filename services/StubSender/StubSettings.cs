using System.ComponentModel.DataAnnotations;

namespace StubSender;

/// <summary>A provider that takes everything; section <c>Stub</c>.</summary>
internal sealed class StubSettings
{
    /// <summary>The private key that device tokens are sealed to: 32 raw bytes or 64 hex digits.</summary>
    [Required(ErrorMessage = "is needed: the private key that device tokens are sealed to.")]
    public string SealingKeyFile { get; set; } = "";

    /// <summary>Most pushes at one time.</summary>
    [Range(1, 100_000)]
    public int InFlight { get; set; } = 1000;

    /// <summary>How long the provider takes to answer, in milliseconds.</summary>
    [Range(0, 60_000)]
    public int AnswerMilliseconds { get; set; }

    /// <summary>What it answers: an HTTP status.</summary>
    [Range(200, 599)]
    public int Status { get; set; } = 200;
}
