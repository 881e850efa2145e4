using Microsoft.Extensions.Configuration;
using Sotto.Hosting.Settings;

namespace Sotto.Delivery;

/// <summary>The sections of a provider's further apps: <c>{section}:Apps:{name}</c>.</summary>
public static class AppSections
{
    /// <summary>What a name must be, as a sentence.</summary>
    public static readonly string NameRule = $"is 1 to {AppName.LengthMax} characters of a-z, 0-9 and hyphens.";

    // Each has a queue, a gate and connections of its own.
    private const int CountMax = 64;

    /// <summary>Reads and validates them.</summary>
    /// <typeparam name="T">The settings of one app.</typeparam>
    /// <param name="configuration">All settings.</param>
    /// <param name="section">The provider's section.</param>
    /// <param name="taken">The name of the app that the section itself describes.</param>
    /// <returns>The section, the name and the settings of each.</returns>
    /// <exception cref="SettingsException">A name or a value will not do.</exception>
    public static IReadOnlyList<(string Section, string Name, T Settings)> ReadApps<T>(this IConfiguration configuration, string section, string taken)
        where T : class, new()
    {
        var names = configuration.GetSection($"{section}:Apps").GetChildren().Select(child => child.Key).ToList();
        var wrong = names.Where(name => !AppName.IsWellFormed(name)).Select(name => $"Setting {section}:Apps:{name}: the name of an app {NameRule}").ToList();
        if (names.Contains(taken, StringComparer.Ordinal))
            wrong.Add($"Setting {section}:Apps:{taken}: the app that {section} itself describes has this name; see {section}:App.");
        if (names.Count > CountMax)
            wrong.Add($"Setting {section}:Apps: at most {CountMax} apps.");
        if (wrong.Count > 0)
            throw new SettingsException(wrong);
        return [.. names.Select(name => ($"{section}:Apps:{name}", name, configuration.ReadSettings<T>($"{section}:Apps:{name}")))];
    }
}
