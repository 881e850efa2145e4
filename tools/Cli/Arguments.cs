using System.CommandLine;
using System.Globalization;

namespace Sotto.Cli;

/// <summary>Arguments that several commands take, with words for who mistypes them.</summary>
internal static class Arguments
{
    /// <summary>A number within bounds.</summary>
    public static Option<int> Number(string name, string description, int otherwise, int min, int max) => new(name)
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"{description} {min} to {max}."),
        DefaultValueFactory = _ => otherwise,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
                return number;
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} must be a number from {min} to {max}, not '{result.Tokens[0].Value}'."));
            return otherwise;
        },
    };

    /// <summary>An id as this command shows it.</summary>
    public static Argument<Guid> Id(string description) => new("id")
    {
        Description = description,
        CustomParser = result =>
        {
            if (Guid.TryParse(result.Tokens[0].Value, out var id))
                return id;
            result.AddError($"'{result.Tokens[0].Value}' is not an id; one looks like 5f0c1e8a-7b7e-4c55-9d0e-2f3f0a6c9b11.");
            return default;
        },
    };
}
