namespace Sotto.FakeApns;

/// <summary>One of Apple's refusals: its reason string and its status (providers.md section 3.5).</summary>
internal sealed record ApnsRefusal(int Status, string Reason, long? TimestampMilliseconds = null)
{
    public static readonly ApnsRefusal BadCertificate = new(403, "BadCertificate");
    public static readonly ApnsRefusal BadCertificateEnvironment = new(403, "BadCertificateEnvironment");
    public static readonly ApnsRefusal BadCollapseId = new(400, "BadCollapseId");
    public static readonly ApnsRefusal BadDeviceToken = new(400, "BadDeviceToken");
    public static readonly ApnsRefusal BadEnvironmentKeyIdInToken = new(403, "BadEnvironmentKeyIdInToken");
    public static readonly ApnsRefusal BadExpirationDate = new(400, "BadExpirationDate");
    public static readonly ApnsRefusal BadMessageId = new(400, "BadMessageId");
    public static readonly ApnsRefusal BadPath = new(404, "BadPath");
    public static readonly ApnsRefusal BadPriority = new(400, "BadPriority");
    public static readonly ApnsRefusal BadTopic = new(400, "BadTopic");
    public static readonly ApnsRefusal DeviceTokenNotForTopic = new(400, "DeviceTokenNotForTopic");
    public static readonly ApnsRefusal DuplicateHeaders = new(400, "DuplicateHeaders");
    public static readonly ApnsRefusal ExpiredProviderToken = new(403, "ExpiredProviderToken");
    public static readonly ApnsRefusal InvalidProviderToken = new(403, "InvalidProviderToken");
    public static readonly ApnsRefusal InvalidPushType = new(400, "InvalidPushType");
    public static readonly ApnsRefusal MethodNotAllowed = new(405, "MethodNotAllowed");
    public static readonly ApnsRefusal MissingDeviceToken = new(400, "MissingDeviceToken");
    public static readonly ApnsRefusal MissingProviderToken = new(403, "MissingProviderToken");
    public static readonly ApnsRefusal MissingTopic = new(400, "MissingTopic");
    public static readonly ApnsRefusal PayloadEmpty = new(400, "PayloadEmpty");
    public static readonly ApnsRefusal PayloadTooLarge = new(413, "PayloadTooLarge");
    public static readonly ApnsRefusal TooManyProviderTokenUpdates = new(429, "TooManyProviderTokenUpdates");
    public static readonly ApnsRefusal TooManyRequests = new(429, "TooManyRequests");
    public static readonly ApnsRefusal TopicDisallowed = new(400, "TopicDisallowed");
    public static readonly ApnsRefusal UnrelatedKeyIdInToken = new(403, "UnrelatedKeyIdInToken");

    public static ApnsRefusal Unregistered(DateTimeOffset? since) => new(410, "Unregistered", since?.ToUnixTimeMilliseconds());

    public static ApnsRefusal ExpiredToken(DateTimeOffset? since) => new(410, "ExpiredToken", since?.ToUnixTimeMilliseconds());
}
