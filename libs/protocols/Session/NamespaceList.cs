namespace Sotto.Session;

/// <summary>The namespaces of a subscription (session-v2 section 2.4).</summary>
public static class NamespaceList
{
    /// <summary>Null when there is at least one and they ascend strictly, negative ones first; else what is wrong, as a sentence for the client.</summary>
    public static string? Verify(ReadOnlySpan<short> namespaces)
    {
        if (namespaces.IsEmpty)
            return "Subscription: namespaces missing or empty";

        var repeated = false;
        for (var i = 1; i < namespaces.Length; i++)
        {
            if (namespaces[i] < namespaces[i - 1])
                return "Subscription: namespaces are not sorted numerically";

            repeated |= namespaces[i] == namespaces[i - 1];
        }

        return repeated ? "Subscription: namespaces contain duplicates" : null;
    }
}
