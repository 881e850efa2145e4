namespace Sotto.FakeWebPush;

/// <summary>Whose push service an endpoint belongs to: all speak RFC 8030, each refuses in its own words (providers.md section 7.5).</summary>
public enum PushServiceStyle
{
    /// <summary>As the RFCs have it, without bodies.</summary>
    Rfc,

    /// <summary>Firefox: JSON with <c>errno</c>.</summary>
    Mozilla,

    /// <summary>Safari: <c>{"reason":…}</c>; the strictest about VAPID.</summary>
    Apple,

    /// <summary>Chrome: plain text.</summary>
    Google,

    /// <summary>Edge: headers of the Windows service, 406 for too many.</summary>
    Edge,

    /// <summary>A UnifiedPush server such as a stranger runs; asks for no VAPID unless the subscription is bound to a key.</summary>
    Ntfy,
}
