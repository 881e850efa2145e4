using Sotto.FakeProvider;

namespace Sotto.FakeHms;

/// <summary>How the simulated Huawei is set up.</summary>
public sealed record FakeHmsOptions : FakeProviderOptions
{
    /// <summary>The app's (client's) id.</summary>
    public string AppId { get; init; } = "100000001";

    /// <summary>The app's secret; null makes one.</summary>
    public string? AppSecret { get; init; }

    /// <summary>The project that <c>/v2/</c> and <c>/v3/</c> paths name; null takes the app's id.</summary>
    public string? ProjectId { get; init; }

    /// <summary>How long an access token lives.</summary>
    public TimeSpan TokenLife { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Devices in a second before 503; 0 is no limit.</summary>
    public int Qps { get; init; }

    /// <summary>Business errors come with HTTP 200 instead of 4xx; both styles are seen.</summary>
    public bool ErrorsAs200 { get; init; }

    /// <summary>False: the app has no right to urgency HIGH.</summary>
    public bool MayBeUrgent { get; init; } = true;

    /// <summary>False: the app may not send at all.</summary>
    public bool MaySend { get; init; } = true;
}
