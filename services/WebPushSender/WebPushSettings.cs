using System.ComponentModel.DataAnnotations;
using System.Net;

namespace WebPushSender;

/// <summary>Who we are to push services, and which of them we go to; section <c>WebPush</c>. Lists are separated by commas.</summary>
internal sealed class WebPushSettings : IValidatableObject
{
    /// <summary>Our VAPID key (RFC 8292): an EC P-256 private key in PEM. Browsers bind subscriptions to it, so it is never changed.</summary>
    [Required(ErrorMessage = "is needed: an EC P-256 private key in PEM.")]
    public string VapidKeyFile { get; set; } = "";

    /// <summary>How a push service reaches the operator: <c>mailto:name@host</c> or an https URL.</summary>
    [Required(ErrorMessage = "is needed: mailto:name@host or an https URL, by which push services reach you.")]
    public string Subject { get; set; } = "";

    /// <summary>The private key that subscriptions are sealed to: 32 raw bytes or 64 hex digits.</summary>
    [Required(ErrorMessage = "is needed: the private key that device tokens are sealed to.")]
    public string SealingKeyFile { get; set; } = "";

    /// <summary>Hosts that are refused though public, such as our own domains; a name covers its subdomains.</summary>
    public string DeniedHosts { get; set; } = "";

    /// <summary>Networks that are refused though public, such as our own addresses: <c>198.51.100.0/24</c>.</summary>
    public string DeniedNetworks { get; set; } = "";

    /// <summary>Hosts that are believed at once, as those of the browsers are: push servers of our own. Elsewhere a token dies only when it is said to be dead twice.</summary>
    public string TrustedHosts { get; set; } = "";

    /// <summary>Origins exempt from every rule but https: the fakes of a test system. Never set it where strangers subscribe.</summary>
    public string TestOrigins { get; set; } = "";

    /// <summary>Sends each push under a topic of its own, so that a repeated one takes the place of the first while the device is away.</summary>
    public bool CollapseRepeats { get; set; }

    /// <summary>Most requests at one time, to all servers together.</summary>
    [Range(1, 5000)]
    public int InFlight { get; set; } = 500;

    /// <summary>Most requests at one time to one server.</summary>
    [Range(1, 1000)]
    public int InFlightPerServer { get; set; } = 10;

    /// <summary>How long one request may take, name look-up and answer included, in seconds.</summary>
    [Range(1, 300)]
    public int RequestTimeoutSeconds { get; set; } = 30;

    /// <summary>How long a server that refuses our signature is left alone at first, in seconds; the longest is thirty times this.</summary>
    [Range(1, 3600)]
    public int CredentialPauseSeconds { get; set; } = 120;

    /// <summary>A list's entries.</summary>
    internal static string[] List(string setting) => setting.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var network in List(DeniedNetworks).Where(text => !IPNetwork.TryParse(text, out _)))
            yield return new ValidationResult($"'{network}' is not a network of the form 198.51.100.0/24.", [nameof(DeniedNetworks)]);
        foreach (var origin in List(TestOrigins).Where(text => !IsOrigin(text)))
            yield return new ValidationResult($"'{origin}' is not an origin of the form https://host:port.", [nameof(TestOrigins)]);
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && text == uri.GetLeftPart(UriPartial.Authority);
}
