using System.ComponentModel.DataAnnotations;
using System.Net;

namespace SubscriptionApi.Ingress;

/// <summary>How much clients may ask for; section <c>Ingress</c>. A request weighs 1 for each 1,000 bytes of its body that have begun, about an item of an array each.</summary>
internal sealed class IngressSettings : IValidatableObject
{
    /// <summary>
    /// What one client address may ask for in a second, in the long run; 0 is without limit. A million devices that renew twice a day are 23 a second from all addresses together, so
    /// what comes through one exit node of the onion network, or one address of a mobile carrier, stays far below.
    /// </summary>
    [Range(0, 1_000_000)]
    public int ClientRate { get; set; } = 200;

    /// <summary>What one client address may ask for at once after it was quiet.</summary>
    [Range(1, 10_000_000)]
    public int ClientBurst { get; set; } = 2_000;

    /// <summary>What all clients together may ask for in a second; 0 is without limit. Above what one instance can answer, so that it stops floods only.</summary>
    [Range(0, 10_000_000)]
    public int TotalRate { get; set; } = 10_000;

    /// <summary>What all clients together may ask for at once.</summary>
    [Range(1, 100_000_000)]
    public int TotalBurst { get; set; } = 20_000;

    /// <summary>Most connections of one client address at one time; more are closed at once.</summary>
    [Range(1, 1_000_000)]
    public int ClientConnectionsMax { get; set; } = 512;

    /// <summary>Most requests whose answers are being worked on; more wait for <see cref="Http.Entrance.TurnWaitMax"/> and are then sent away. A body that is still on its way is not in work.</summary>
    [Range(1, 100_000)]
    public int RequestsInWorkMax { get; set; } = 1_024;

    /// <summary>
    /// Networks, as <c>10.0.0.0/8;fd00::/8</c>, of proxies whose <c>X-Forwarded-For</c> is believed: the last address in it that is not such a proxy itself is the client. Default:
    /// none, and then the header is not looked at.
    /// </summary>
    public string TrustedProxies { get; set; } = "";

    /// <summary>Networks whose addresses have no limit of their own. Default: this machine, where a proxy stands that was not named, and all its clients are one address.</summary>
    public string UnlimitedNetworks { get; set; } = "127.0.0.0/8;::1/128";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, value) in ((string, string)[])[(nameof(TrustedProxies), TrustedProxies), (nameof(UnlimitedNetworks), UnlimitedNetworks)])
        {
            if (Split(value).FirstOrDefault(network => !IPNetwork.TryParse(network, out _)) is { } wrong)
                yield return new ValidationResult($"'{wrong}' is not a network of the form 10.0.0.0/8.", [name]);
        }
    }

    /// <summary>The networks of a setting.</summary>
    public static IReadOnlyList<IPNetwork> Networks(string setting) => [.. Split(setting).Select(network => IPNetwork.Parse(network))];

    private static string[] Split(string networks) => networks.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
