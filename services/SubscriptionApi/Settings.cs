using System.ComponentModel.DataAnnotations;

namespace SubscriptionApi;

/// <summary>Where and how patiently clients are listened to; section <c>Api</c>.</summary>
internal sealed class ApiSettings
{
    /// <summary>Addresses to listen at, separated by semicolons: <c>http://ip:port</c> behind a proxy that speaks TLS, or <c>https://ip:port</c>.</summary>
    [Required]
    public string Urls { get; set; } = "http://127.0.0.1:8080";

    /// <summary>A PEM file with the certificate for <c>https</c> addresses and the chain above it. Read again when it changes.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>A PEM file with the certificate's private key, not encrypted. Default: it is in <see cref="CertificateFile"/>.</summary>
    public string? CertificateKeyFile { get; set; }

    /// <summary>Most connections at one time, those for health and metrics included; more are closed at once. Each has at most one request in work.</summary>
    [Range(1, 1_000_000)]
    public int ConnectionsMax { get; set; } = 4_096;

    /// <summary>How long a connection may take to send a request's headers.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection may be open without a request.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a connection may take to send a request's body. Service nodes give up on us after 25 s (session-onion section 1).</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a request may wait for senders to validate its device tokens, all its items together (session-v2 section 7.3: 15 s).</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ValidationTimeout { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>How onion requests are opened; section <c>Onion</c>.</summary>
internal sealed class OnionSettings
{
    /// <summary>File of the X25519 private key whose public half clients are built for: 32 raw bytes or 64 hex digits.</summary>
    [Required]
    public string PrivateKeyFile { get; set; } = "";

    /// <summary>Most onion requests that are opened and answered at one time; more wait for <see cref="Http.Entrance.TurnWaitMax"/> and then see HTTP 503.</summary>
    [Range(1, 100_000)]
    public int ConcurrentMax { get; set; } = 512;

    /// <summary>
    /// Most bodies over 256 KiB that are held at one time, of up to 10 MiB each; more see HTTP 503. No client sends any: what fits into a subscription
    /// is limited to 100,000 bytes.
    /// </summary>
    [Range(1, 1_000)]
    public int LargeBodiesMax { get; set; } = 8;
}

/// <summary>To whom secrets are sealed before they leave memory; section <c>Sealing</c>.</summary>
internal sealed class SealingSettings
{
    /// <summary>Folder of public keys, one file <c>&lt;name&gt;.pub</c> of 64 hex digits for each provider's sender and one for the Encryptor. Read again when it changes.</summary>
    [Required]
    public string PublicKeysFolder { get; set; } = "";
}
