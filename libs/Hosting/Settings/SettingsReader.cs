using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Sotto.Hosting.Settings;

/// <summary>Reads a section of the configuration into a settings class and refuses wrong values with sentences that name their keys.</summary>
public static class SettingsReader
{
    /// <summary>Reads, validates and registers the section as a singleton <typeparamref name="T"/>.</summary>
    /// <typeparam name="T">A class with data annotations; it may implement <see cref="IValidatableObject"/> for what spans several values.</typeparam>
    /// <exception cref="SettingsException">A value is absent, malformed or out of range.</exception>
    public static T AddSettings<T>(this IHostApplicationBuilder builder, string section)
        where T : class, new()
    {
        var settings = builder.Configuration.ReadSettings<T>(section);
        builder.Services.AddSingleton(settings);
        return settings;
    }

    /// <summary>Reads and validates the section.</summary>
    /// <exception cref="SettingsException">A value is absent, malformed or out of range, or a key is not known.</exception>
    public static T ReadSettings<T>(this IConfiguration configuration, string section)
        where T : class, new()
    {
        var part = configuration.GetSection(section);
        RefuseUnknownKeys<T>(part, section);
        var settings = new T();
        try
        {
            part.Bind(settings);
        }
        catch (InvalidOperationException)
        {
            throw new SettingsException(Unreadable<T>(part, section));
        }

        var wrong = new List<ValidationResult>();
        if (!Validator.TryValidateObject(settings, new ValidationContext(settings), wrong, validateAllProperties: true))
            throw new SettingsException(wrong.Select(result => Sentence(section, result)));
        return settings;
    }

    private static void RefuseUnknownKeys<T>(IConfigurationSection part, string section)
    {
        var known = typeof(T).GetProperties().Select(property => property.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var unknown = part.GetChildren().Select(child => child.Key).Where(key => !known.Contains(key)).ToList();
        if (unknown.Count > 0)
        {
            throw new SettingsException(unknown.Select(key =>
                $"Setting {section}:{key} is not known; known are {string.Join(", ", known.Order(StringComparer.Ordinal))}."));
        }
    }

    // The binder's own sentence repeats the value, which may be a secret in the wrong place.
    private static List<string> Unreadable<T>(IConfigurationSection part, string section)
    {
        var sentences = new List<string>();
        foreach (var property in typeof(T).GetProperties())
        {
            try
            {
                part.GetSection(property.Name).Get(property.PropertyType);
            }
            catch (InvalidOperationException)
            {
                sentences.Add($"Setting {section}:{property.Name} cannot be read as {Expected(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType)}.");
            }
        }

        return sentences;
    }

    private static string Expected(Type type) => type switch
    {
        { IsEnum: true } => $"one of {string.Join(", ", Enum.GetNames(type))}",
        _ when type == typeof(int) || type == typeof(long) => "a whole number",
        _ when type == typeof(double) => "a number",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(TimeSpan) => "a time span such as 00:10:00",
        _ => $"a {type.Name}",
    };

    private static string Sentence(string section, ValidationResult result)
    {
        var keys = string.Join(", ", result.MemberNames.Select(name => $"{section}:{name}"));
        // What [Required] says when it is given no words of its own.
        if (result.ErrorMessage?.EndsWith(" field is required.", StringComparison.Ordinal) == true)
            return $"Setting {keys} is missing.";
        return keys.Length == 0 ? $"Settings {section}: {result.ErrorMessage}" : $"Setting {keys}: {result.ErrorMessage}";
    }
}
