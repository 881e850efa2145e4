namespace Sotto.Contracts;

/// <summary>The push providers by name, as clients name them in <c>service</c>, and the queues of each.</summary>
/// <remarks>
/// A new provider adds a row to <see cref="All"/> and touches no other service. Names are at most
/// <see cref="NameLengthMax"/> characters of <c>[a-z0-9-]</c>: they are part of queue names.
/// </remarks>
public static class Provider
{
    /// <summary>Apple Push Notification service, production.</summary>
    public const string Apns = "apns";

    /// <summary>Apple Push Notification service, development ("sandbox").</summary>
    public const string ApnsSandbox = "apns-sandbox";

    /// <summary>Firebase Cloud Messaging, HTTP v1.</summary>
    public const string Firebase = "firebase";

    /// <summary>Huawei Push Kit.</summary>
    public const string Huawei = "huawei";

    /// <summary>Web Push: the push services of browsers, and UnifiedPush servers.</summary>
    public const string WebPush = "webpush";

    /// <summary>Delivers nowhere; for tests and load.</summary>
    public const string Dummy = "dummy";

    /// <summary>Longest name of a provider, in bytes (session-v2 section 2.4).</summary>
    public const int NameLengthMax = 32;

    /// <summary>Every provider that has a sender in this repository.</summary>
    public static IReadOnlyList<string> All { get; } = [Apns, ApnsSandbox, Firebase, Huawei, WebPush, Dummy];

    /// <summary>The queue, and the fanout exchange of the same name in front of it, where encrypted pushes wait for the provider's sender.</summary>
    public static string PushQueue(string provider) => $"push.{provider}";

    /// <summary>The queue where requests to validate a device token wait; it exists only while a sender is running.</summary>
    public static string ValidationQueue(string provider) => $"validate.{provider}";

    /// <summary>True when <paramref name="name"/> could be a provider's name at all, and is safe as part of a queue's name.</summary>
    public static bool IsWellFormed(string name) =>
        name.Length is > 0 and <= NameLengthMax && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
