namespace Sotto.Apns;

/// <summary>Apple's headers.</summary>
internal static class ApnsHeader
{
    public const string Authorization = "authorization";
    public const string CollapseId = "apns-collapse-id";
    public const string Expiration = "apns-expiration";
    public const string Id = "apns-id";
    public const string Priority = "apns-priority";
    public const string PushType = "apns-push-type";
    public const string Topic = "apns-topic";
}

/// <summary>Reasons that the client itself acts on; all others are the caller's to judge.</summary>
internal static class ApnsReason
{
    public const string ExpiredProviderToken = "ExpiredProviderToken";
    public const string UnrelatedKeyIdInToken = "UnrelatedKeyIdInToken";
    public const string InvalidProviderToken = "InvalidProviderToken";
    public const string TooManyProviderTokenUpdates = "TooManyProviderTokenUpdates";
    public const string Shutdown = "Shutdown";
    public const string IdleTimeout = "IdleTimeout";
}
