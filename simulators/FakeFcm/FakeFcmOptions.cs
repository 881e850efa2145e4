using Sotto.FakeProvider;

namespace Sotto.FakeFcm;

/// <summary>How the simulated Google is set up.</summary>
public sealed record FakeFcmOptions : FakeProviderOptions
{
    /// <summary>The sender's service account; null makes one.</summary>
    public ServiceAccount? Account { get; init; }

    /// <summary>Further accounts that may send for the project.</summary>
    public IReadOnlyList<ServiceAccount> OtherAccounts { get; init; } = [];

    /// <summary>The project whose devices are reached; null takes the account's.</summary>
    public string? ProjectId { get; init; }

    /// <summary>How long an access token lives.</summary>
    public TimeSpan TokenLife { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Whether the same access token is handed out again while most of its life is left, as Google may.</summary>
    public bool RepeatsAccessToken { get; init; } = true;

    /// <summary>False: the account lacks the permission to send.</summary>
    public bool MaySend { get; init; } = true;

    /// <summary>Sends in a minute before 429; 0 is no limit (providers.md section 4.5).</summary>
    public int QuotaPerMinute { get; init; } = 600_000;
}
