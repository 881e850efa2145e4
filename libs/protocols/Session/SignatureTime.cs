namespace Sotto.Session;

/// <summary>How old or early a client's signature may be (session-v2 section 3.5). All times in unix seconds; <c>now</c> is truncated to seconds.</summary>
public static class SignatureTime
{
    /// <summary>How long a MONITOR signature counts, and hence a subscription lives after it was signed: 14 days, in seconds.</summary>
    public const long MonitorLifetimeSeconds = 14 * 24 * 60 * 60;

    /// <summary>How far clocks may differ: one day, in seconds.</summary>
    public const long ToleranceSeconds = 24 * 60 * 60;

    /// <summary>Whether a MONITOR signature of this time is taken: younger than 14 days and less than one day ahead, both limits excluded.</summary>
    public static bool AllowsMonitor(long signedAtSeconds, long nowSeconds) =>
        signedAtSeconds > nowSeconds - MonitorLifetimeSeconds && signedAtSeconds < nowSeconds + ToleranceSeconds;

    /// <summary>Whether an UNSUBSCRIBE signature of this time is taken: at most one day from now either way, both limits included.</summary>
    public static bool AllowsUnsubscribe(long signedAtSeconds, long nowSeconds) =>
        signedAtSeconds >= nowSeconds - ToleranceSeconds && signedAtSeconds <= nowSeconds + ToleranceSeconds;
}
