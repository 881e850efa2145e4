using System.Security.Cryptography;
using System.Text;

namespace Sotto.Apns;

/// <summary>Sees to it that there is one signer for a team and key, however many apps share them (providers.md section 3.2). Thread-safe.</summary>
public sealed class ProviderTokenSigners(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (ProviderTokenSigner Signer, int Users)> _signers = new(StringComparer.Ordinal);

    /// <summary>The signer of a key; to be given back by <see cref="Return"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="source">Where it is from, for errors.</param>
    /// <param name="life">How old a token may become, for a signer that is not there yet.</param>
    /// <exception cref="VendorHttp.VendorCredentialException">It is not such a key.</exception>
    public ProviderTokenSigner Rent(ApnsKeyText key, string source, TimeSpan life)
    {
        var name = $"{key.TeamId} {key.KeyId} {Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key.Pem)))}";
        lock (_gate)
        {
            var (signer, users) = _signers.GetValueOrDefault(name);
            signer ??= new ProviderTokenSigner(key.Pem, key.KeyId, key.TeamId, source, clock, life);
            _signers[name] = (signer, users + 1);
            return signer;
        }
    }

    /// <summary>Gives a signer back; the last one to do so ends it.</summary>
    public void Return(ProviderTokenSigner signer)
    {
        lock (_gate)
        {
            foreach (var (name, (known, users)) in _signers)
            {
                if (known != signer)
                    continue;
                if (users > 1)
                {
                    _signers[name] = (known, users - 1);
                    return;
                }

                _signers.Remove(name);
                signer.Dispose();
                return;
            }
        }
    }
}
