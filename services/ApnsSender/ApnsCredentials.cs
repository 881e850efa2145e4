using Sotto.Apns;
using Sotto.Delivery;
using Sotto.Hosting.Settings;
using Sotto.VendorHttp;

namespace ApnsSender;

/// <summary>The ways to show Apple who we are: a key, or a certificate.</summary>
internal static class ApnsCredentials
{
    public static CredentialPlan<ApnsClient> Plan(string section, ApnsAppSettings settings, ApnsOptions options, ProviderTokenSigners signers)
    {
        if (CredentialSource.Of(section, nameof(settings.KeyFile), settings.KeyFile, nameof(settings.Key), settings.Key) is { } key)
            return OfKey(section, settings, options, signers, key);
        var certificate = (settings.CertificateFile, settings.CertificateKeyFile) switch
        {
            ({ Length: > 0 } file, { Length: > 0 } keyFile) => CredentialSource.OfFiles($"{section}:{nameof(settings.CertificateFile)}", file, keyFile),
            _ => CredentialSource.Of(section, nameof(settings.CertificateFile), settings.CertificateFile, nameof(settings.Certificate), settings.Certificate)!,
        };
        return new(certificate, text => Checked(() => new ApnsClient(options, ApnsCertificate.FromPem(text, certificate.Name, options.Topic, TimeProvider.System), TimeProvider.System)))
        {
            EndsAt = client => client.CredentialEndsAt,
        };
    }

    private static CredentialPlan<ApnsClient> OfKey(string section, ApnsAppSettings settings, ApnsOptions options, ProviderTokenSigners signers, CredentialSource source)
    {
        if ((string.IsNullOrEmpty(settings.KeyId) || string.IsNullOrEmpty(settings.TeamId)) && !Checked(() => ApnsKeyText.HoldsIds(ReadOnce(source))))
            throw new SettingsException($"Setting {section}:{nameof(settings.TeamId)}, {section}:{nameof(settings.KeyId)}: are needed with a key that does not come with its ids.");
        return new(source, text => Checked(() =>
        {
            var key = ApnsKeyText.Read(text, settings.KeyId, settings.TeamId, source.Name);
            return new ApnsClient(options, signers.Rent(key, source.Name, TimeSpan.FromMinutes(settings.TokenMinutes)), TimeProvider.System, signers.Return);
        }));
    }

    private static string ReadOnce(CredentialSource source)
    {
        try
        {
            return source.Read();
        }
        catch (CredentialException e)
        {
            throw new SettingsException($"Setting {source.Setting}: {e.Message}.");
        }
    }

    private static T Checked<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (VendorCredentialException e)
        {
            throw new CredentialException(e.Message);
        }
    }
}
