using System.ComponentModel.DataAnnotations;
using Sotto.OxenMq;

namespace SwarmListener;

/// <summary>Section <c>Swarm</c>: how to reach the storage network, and how much to do at once.</summary>
internal sealed class SwarmSettings : IValidatableObject
{
    /// <summary>Where oxend is: <c>tcp://host:port</c>, <c>ipc://path</c> or <c>curve://host:port/key</c>.</summary>
    public string Oxend { get; set; } = "";

    /// <summary>
    /// File of the X25519 private key that storage servers know this instance by. Each instance needs its own. Default: a fresh key for each process,
    /// which is right unless somebody must recognise the listener.
    /// </summary>
    public string? PrivateKeyFile { get; set; }

    /// <summary>
    /// Connections to service nodes that may be on their way at one time; 0 connects to none, for a dry run. Default 500 (session-v2 section 5.5).
    /// </summary>
    [Range(0, 50_000, ErrorMessage = "must be from 0 to 50000 connection attempts.")]
    public int ConnectsMax { get; set; } = 500;

    /// <summary>
    /// Connects to every service node, not only to those whose swarms hold accounts of this instance. Costs connections, saves them when buckets move
    /// here.
    /// </summary>
    public bool ConnectToAll { get; set; }

    /// <summary>Seconds between two looks at every node, at oxend's list and at what is due. Default 30 (session-v2 section 5.2).</summary>
    [Range(1, 600, ErrorMessage = "must be from 1 to 600 seconds.")]
    public int SlowCheckSeconds { get; set; } = 30;

    /// <summary>
    /// Seconds for which copies of a message are surely recognised in memory, at most twice as long. Default 600 (session-v2 section 5.9).
    /// </summary>
    [Range(1, 86_400, ErrorMessage = "must be from 1 to 86400 seconds.")]
    public int DuplicateWindowSeconds { get; set; } = 600;

    /// <summary>
    /// Messages remembered in each of the two sets that recognise copies, about 30 bytes each. A fuller set is put aside early: copies come within
    /// seconds, and the Encryptor recognises all of them. Default 500,000.
    /// </summary>
    [Range(1_000, 50_000_000, ErrorMessage = "must be from 1000 to 50000000 messages.")]
    public int DuplicatesMax { get; set; } = 500_000;

    /// <summary>
    /// Messages that may wait to be handed to the broker; more are refused and counted. Default 20,000: five seconds at 4,000 a second.
    /// </summary>
    [Range(100, 10_000_000, ErrorMessage = "must be from 100 to 10000000 messages.")]
    public int WaitingMessagesMax { get; set; } = 20_000;

    /// <summary>Megabytes of message data that may wait likewise. Default 64.</summary>
    [Range(1, 16_384, ErrorMessage = "must be from 1 to 16384 megabytes.")]
    public int WaitingMegabytesMax { get; set; } = 64;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrWhiteSpace(Oxend))
            yield return Wrong("is missing; it looks like tcp://127.0.0.1:22023, ipc:///var/lib/oxen/oxend.sock or curve://host:port/key.");
        else if (!OxenMqAddress.TryParse(Oxend, out _))
            yield return Wrong("is not an OxenMQ address: expected tcp://host:port, ipc://path or curve://host:port/key.");

        static ValidationResult Wrong(string sentence) => new(sentence, [nameof(Oxend)]);
    }
}
