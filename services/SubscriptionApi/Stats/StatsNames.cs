namespace SubscriptionApi.Stats;

/// <summary>Which of our series mean what the existing server's statistics mean (session-v2 sections 5.10 and 8.6).</summary>
internal static class StatsNames
{
    private const string Ends = "sotto_push_ends";

    /// <summary>Taken by a provider: <c>notifies</c>.</summary>
    public static bool IsNotified(SeriesName series) => series.Is(Ends, "end", "accepted");

    /// <summary>Of those, what took more than one attempt: <c>notify_retries</c>.</summary>
    public static bool IsRetried(SeriesName series) => series.Metric == "sotto_push_accepted_after_retry";

    /// <summary>Given up: <c>failures</c>.</summary>
    public static bool IsFailure(SeriesName series) => series.Is(Ends, "end", "dead-lettered");

    /// <summary>Handed to a sender: <c>notifications</c>.</summary>
    public static bool IsHandedOver(SeriesName series) => series.Metric == "sotto_encryptor_pushes";

    /// <summary>Heard from the network: <c>pushes</c>.</summary>
    public static bool IsHeard(SeriesName series) => series.Metric == "sotto_listener_notifications";

    /// <summary>Shown by every sender for each provider that it serves.</summary>
    public static bool IsServed(SeriesName series) => series.Metric == "sotto_push_in_flight";

    public const string Height = "sotto_listener_height";
    public const string Swarms = "sotto_listener_swarms";
    public const string Nodes = "sotto_listener_nodes";
    public const string Connected = "sotto_listener_nodes_connected";
    public const string Connecting = "sotto_listener_nodes_connecting";
    public const string Accounts = "sotto_listener_accounts";

    /// <summary>A fact of the listeners: the hash of the top block, 64 hex digits.</summary>
    public const string BlockHash = "block_hash";
}
