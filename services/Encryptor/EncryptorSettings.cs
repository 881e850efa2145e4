using System.ComponentModel.DataAnnotations;
using Sotto.Session;

namespace Encryptor;

/// <summary>Section <c>Encryptor</c>.</summary>
internal sealed class EncryptorSettings
{
    /// <summary>File of the private key to which the API seals envelope keys: 32 raw bytes or 64 hex digits.</summary>
    [Required]
    public string PrivateKeyFile { get; set; } = "";

    /// <summary>How the metadata of a notification without data is written; see docs/protocols/session-v2.md section 6.</summary>
    public MetadataForm MetadataForm { get; set; } = MetadataForm.Bencode;

    /// <summary>
    /// How long a push is surely remembered, so that it is not made again; at most twice as long. Default: an hour, twice the half hour after which the broker takes
    /// a message back that a consumer holds, so that a frame that comes again finds what was made of it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan DuplicateWindow { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How long a push is worth delivering when its message lives longer. Default: 14 days, the life of a subscription's signature and of an ordinary message in the
    /// network; every provider keeps a notification that long (Apple 30 days, Google 28, Huawei 15).
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:10", "28.00:00:00")]
    public TimeSpan PushLifetime { get; set; } = TimeSpan.FromDays(14);

    /// <summary>Frames of messages worked on at once: enough to hide the waits for database and broker.</summary>
    [Range(1, 64)]
    public int FramesAtOnce { get; set; } = 8;

    /// <summary>Frames taken from the queue at once, those under work included.</summary>
    [Range(1, 1024)]
    public int FramesPrefetched { get; set; } = 32;
}
