using System.Diagnostics.Metrics;

namespace Sotto.Hosting.Telemetry;

/// <summary>The one meter of this system. Label values are provider names, queue names and outcome classes; never anything of a device or account.</summary>
public static class Metrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Sotto";

    /// <summary>The meter that all instruments are made from. Instruments are named <c>sotto_what_unit</c>.</summary>
    public static Meter Meter { get; } = new(MeterName);
}
