using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sotto.VendorHttp;

/// <summary>Certificate authorities that are trusted besides those of the system, so that servers of a test can be spoken to without switching any check off.</summary>
public static class TrustedRoots
{
    // id-kp-serverAuth, RFC 5280 section 4.2.1.12.
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>The system's roots and these. Name, dates and purpose are checked as ever.</summary>
    public static X509ChainPolicy Policy(X509Certificate2Collection roots)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        using (var system = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly))
            policy.CustomTrustStore.AddRange(system.Certificates);
        policy.CustomTrustStore.AddRange(roots);
        return policy;
    }
}
