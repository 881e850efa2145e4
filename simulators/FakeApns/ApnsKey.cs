using System.Security.Cryptography;

namespace Sotto.FakeApns;

/// <summary>Where a key or a certificate is good; a flag each, since some are good in both.</summary>
[Flags]
public enum ApnsEnvironments
{
    None = 0,
    Production = 1,
    Sandbox = 2,
    Both = Production | Sandbox,
}

/// <summary>A provider authentication key: what Apple knows of it, and the sender's half where the simulator made it.</summary>
public sealed record ApnsKey
{
    public required string KeyId { get; init; }

    public required string TeamId { get; init; }

    /// <summary>The public half, PEM.</summary>
    public required string PublicPem { get; init; }

    /// <summary>The private half as a <c>.p8</c> file holds it; null where only the sender has it.</summary>
    public string? PrivatePem { get; init; }

    public ApnsEnvironments Environments { get; init; } = ApnsEnvironments.Both;

    /// <summary>The only topics it may push to; null for every topic of the team.</summary>
    public IReadOnlyList<string>? Topics { get; init; }

    /// <summary>Makes a key.</summary>
    public static ApnsKey Create(string keyId = "ABC123DEFG", string teamId = "DEF123GHIJ")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return FromPrivate(key.ExportPkcs8PrivateKeyPem() + "\n", keyId, teamId);
    }

    /// <summary>The key of a <c>.p8</c> file.</summary>
    public static ApnsKey FromPrivate(string pem, string keyId = "ABC123DEFG", string teamId = "DEF123GHIJ")
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return new() { KeyId = keyId, TeamId = teamId, PublicPem = key.ExportSubjectPublicKeyInfoPem(), PrivatePem = pem };
    }

    /// <inheritdoc/>
    public override string ToString() => $"key {KeyId} of team {TeamId}";
}
